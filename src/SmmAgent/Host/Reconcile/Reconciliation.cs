using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Configuration;
using SmmAgent.Host.Firewall;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.State;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Reconcile;

/// <summary>The pass that <c>smm-agent reconcile</c> makes.</summary>
/// <param name="systemd">Null where there is none.</param>
internal sealed class Reconciliation(AgentPaths paths, ReconcileOptions options, IUnits? systemd, Progress progress)
{
    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (!options.DryRun)
            progress.Done("reconciling host operating system");
        else if (systemd is not null && !options.HostOnly && new HostRollback(paths, systemd, progress).IsArmed)
            progress.Warn($"an earlier reconcile waits for its confirmation: {(options.ConfirmWithin is null ? "until then this one is refused" : "this one lengthens the wait")}; sudo smm-agent confirm");
        if (ReadSettings() is not { } settings)
            return ExitCode.Usage;
        if (Missing(settings) is { } missing)
        {
            progress.Failed(missing);
            return ExitCode.Usage;
        }

        if (settings.Uuid is null)
        {
            if (Uuid() is > ExitCode.Done and var refusal)
                return refusal;

            // It is a label of the WorkloadEntry, so the sidecar's files have it already at the first start.
            settings = settings with { Uuid = SettingsFile.Load(paths.Settings).Reading.Settings?.Uuid };
        }

        if (options.DryRun && settings.Uuid is { } foreign && MissingUuid.IsOfAnotherMachine(paths, foreign, MachineId.Read(paths.Root)))
        {
            progress.Would($"would generate a new uuid: this VM is a copy of another machine (/etc/machine-id differs), whose uuid is {foreign}");
            progress.Would("would remove the sidecar's token, certificate and key, which are the other machine's");
            settings = settings with { Uuid = null };
        }

        if (!options.DryRun && (settings.Uuid ?? UuidInFile()) is { } uuid)
        {
            if (MissingUuid.Bind(paths, uuid, MachineId.Read(paths.Root), progress) is > ExitCode.Done and var unbound)
            {
                await HoldSidecarAsync(settings, cancel);
                return unbound;
            }

            settings = settings with { Uuid = UuidInFile() };
        }

        progress.Done($"configuration loaded config={paths.Settings}");
        using var client = HostMeshConfig.Client(paths, settings);
        if (options is { HostOnly: true, DryRun: false })
            await BeReadyAsync(settings, client, cancel);
        var (config, code) = await HostMeshConfig.FetchAsync(paths, client, save: !options.DryRun, progress, cancel);
        var work = new ReconcileWork(settings, config, client, IsCurrent: code == ExitCode.Done);
        var failure = options.DryRun ? await PlanAsync(work, cancel) : await DoAsync(work, cancel);
        return failure is > ExitCode.Done ? failure
            : code == ExitCode.Done && options.DryRun && progress.HasFailed ? ExitCode.Failed
            : code;
    }

    /// <summary>What the operator has to set first; null when nothing is missing.</summary>
    /// <remarks>The privileged service goes on without it: it runs at boot, and a host that is not configured yet is no failed unit.</remarks>
    private string? Missing(AgentSettings settings) =>
        options.HostOnly ? null
        : settings.DashboardUrl is null ? "no dashboard is set: sudo smm-agent set dashboard-url URL"
        : DashboardTarget.From(settings) is null ? "no WorkloadGroup is set: sudo smm-agent set workload-group NAMESPACE NAME"
        : new BearerTokenFile(paths.BearerToken).Read() is { Token: null, IsForbidden: false } reading ? reading.Fault
        : null;

    /// <summary>Puts in place what a restart of the host took from the sidecar, and lets systemd start it: what follows may take long.</summary>
    private async Task BeReadyAsync(AgentSettings settings, DashboardClient? client, CancellationToken cancel)
    {
        using var notifier = ServiceNotifier.FromEnvironment(Environment.GetEnvironmentVariable);
        var isHeld = await HoldSidecarAsync(settings, cancel);
        if (!isHeld && settings.Sidecar.Mode == ManagementMode.Manage && HostMeshConfig.LastGood(paths, settings) is { } config)
            await new SidecarReconciliation(paths, options, systemd, progress).HaveTokenAsync(config, client, cancel);
        notifier.Ready(isHeld ? "the sidecar is started when its configuration is written" : "what the sidecar needs for its start is in place");
    }

    private async Task<bool> HoldSidecarAsync(AgentSettings settings, CancellationToken cancel) =>
        options is { HostOnly: true, DryRun: false } && settings.Sidecar.Mode == ManagementMode.Manage
            && await new SidecarReconciliation(paths, options, systemd, progress).HoldUnconfiguredAsync(cancel);

    private AgentSettings? ReadSettings()
    {
        var file = SettingsFile.Load(paths.Settings);
        if (!file.Exists)
        {
            progress.Failed($"{paths.Settings} does not exist yet: it names the dashboard and the WorkloadGroup; sudo smm-agent set dashboard-url URL");
            return null;
        }

        var reading = file.Reading;
        foreach (var warning in reading.Warnings)
            progress.Warn($"{paths.Settings}: {warning}");
        foreach (var fault in reading.Faults)
            progress.Failed($"{paths.Settings}: {fault}");
        return reading.Settings;
    }

    private Guid? UuidInFile() => SettingsFile.Load(paths.Settings).Reading.Settings?.Uuid;

    // Root's oneshot leaves agent.yaml to the operator's own command.
    private int Uuid()
    {
        if (!options.DryRun && !options.HostOnly)
            return MissingUuid.Generate(paths.Settings, progress);
        if (options.DryRun)
            progress.Would("would generate uuid");
        return ExitCode.Done;
    }

    private StepOwner? Owner => options.HostOnly ? StepOwner.Root : null;

    private async Task<int> PlanAsync(ReconcileWork work, CancellationToken cancel)
    {
        var (settings, desired) = (work.Settings, DesiredFirewall.From(work.Settings, work.Config));
        var look = await HostFirewallPass.Create(paths, TimeProvider.System).DryRunAsync(desired, cancel, Owner);
        var unseen = look.Observed.Filters.Where(filter => filter.State.UnknownReason is not null).ToList();
        foreach (var filter in unseen)
            progress.Warn($"{filter.Tool} cannot be seen: {filter.State.UnknownReason}");
        if (unseen.Count > 0 && unseen.Count == look.Observed.Filters.Count)
            return Environment.IsPrivilegedProcess ? ExitCode.Failed : ExitCode.NotPermitted;

        var plan = settings.FirewallMode == ManagementMode.Manage ? look.Remaining : Plan.Nothing;
        var start = systemd is null || options.HostOnly ? null : new AgentUnits(systemd, progress).StartPlan(enable: options.ConfirmWithin is null);
        if (options.ConfirmWithin is { } within)
            progress.Would($"would arm a rollback within={within.TotalSeconds}s");
        foreach (var step in plan.Steps)
            progress.Would($"{step}");
        if (settings.FirewallMode == ManagementMode.Check)
            LeaveToOperator(desired, look);
        var isMore = work.Config is { } config && await new SidecarReconciliation(paths, options, systemd, progress).PlanAsync(settings, config, cancel);
        if (start is not null)
            progress.Would(start);
        else if (plan.IsEmpty && !isMore && settings.Uuid is not null)
            progress.Done("nothing to do");
        return ExitCode.Done;
    }

    private async Task<int> DoAsync(ReconcileWork work, CancellationToken cancel)
    {
        Interruption.IgnoreHangup();
        var sidecar = new SidecarReconciliation(paths, options, systemd, progress);
        var rollback = systemd is null ? null : new HostRollback(paths, systemd, progress);
        var armed = TimeProvider.System.GetTimestamp();
        if (options.ConfirmWithin is { } window)
        {
            var (before, unknown) = await sidecar.BeforeAsync(work.Settings, work.Config, cancel);
            if (unknown is not null)
                progress.Failed($"nothing was changed, because it could not be undone: {unknown}");
            if (unknown is not null || !await rollback!.ArmAsync(window, before, cancel))
                return ExitCode.Failed;
        }

        // Whatever took so long: what is rolled back is not done again behind the operator's back.
        if (await ChangeAsync(work, sidecar, cancel) is not { } code || (options.ConfirmWithin is not null && !rollback!.IsPending))
        {
            progress.Failed("the time to confirm was over before all was done, so it is rolled back: give it longer");
            return ExitCode.Timeout;
        }

        if (!options.HostOnly)
            code = Math.Max(code, await HaveDaemonRunAsync(cancel));
        if (code == ExitCode.Done && IsToRegister(work) && work.Client is { Target: var target })
            code = await new RegistrationWait(paths, new(target.Namespace, target.Name), progress, TimeProvider.System, Patience(armed)) { RestartNeeded = sidecar.RestartNeeded }
                .RunAsync(cancel);
        if (code == ExitCode.Done && work.IsCurrent)
            progress.Done("reconciled host operating system");
        else if (code == ExitCode.Done)
            progress.Failed("reconciled host operating system as far as that goes without an answer of the dashboard");
        if (options.ConfirmWithin is { } within)
        {
            var left = within - TimeProvider.System.GetElapsedTime(armed);
            progress.Warn($"not confirmed: in {left.TotalSeconds:0} s all of it is rolled back; see that a new SSH session gets in, then: sudo smm-agent confirm");
        }

        return code;
    }

    /// <returns>An exit code; null when the time to confirm was over before all was done: the rollback waits for this to end.</returns>
    private async Task<int?> ChangeAsync(ReconcileWork work, SidecarReconciliation sidecar, CancellationToken cancel)
    {
        using var presence = await RootPresence.ShowAsync(paths.RootPresence, TimeProvider.System, cancel);
        using var window = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (options.ConfirmWithin is { } within)
            window.CancelAfter(within);
        try
        {
            var isOpen = await FirewallAsync(DesiredFirewall.From(work.Settings, work.Config), work.Settings, window.Token);
            // Whatever ends a pass that may take minutes, the next start of the host goes on with it.
            if (!options.HostOnly && systemd is not null && options.ConfirmWithin is null)
                new AgentUnits(systemd, progress).Enable();
            var code = work is { Config: { } config, Client: { } client } ? await sidecar.DoAsync(work.Settings, config, client, window.Token) : ExitCode.Done;
            return Math.Max(code, isOpen ? ExitCode.Done : ExitCode.Failed);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
        // The daemon has the rest done again.
        catch (IOException exception) when (!options.HostOnly)
        {
            progress.Failed(exception.Message);
            return ExitCode.Failed;
        }
    }

    // Who is to confirm needs time for that, too.
    private TimeSpan Patience(long armed) =>
        options.ConfirmWithin is { } within && (within - TimeProvider.System.GetElapsedTime(armed)) / 2 is var half && half < RegistrationWait.Patience
            ? half
            : RegistrationWait.Patience;

    // Only the dashboard knows of a registration, and only the daemon has the key to ask it.
    private bool IsToRegister(ReconcileWork work) =>
        !options.HostOnly && systemd is not null && work is { IsCurrent: true, Config: not null, Settings.Sidecar.Mode: ManagementMode.Manage };

    private async Task<bool> FirewallAsync(DesiredFirewall desired, AgentSettings settings, CancellationToken cancel)
    {
        var pass = HostFirewallPass.Create(paths, TimeProvider.System);
        switch (settings.FirewallMode)
        {
            case ManagementMode.Manage:
                return Show(await pass.ApplyAsync(desired, cancel, Owner));
            case ManagementMode.Check:
                LeaveToOperator(desired, await pass.DryRunAsync(desired, cancel, Owner));
                return true;
            default:
                return true;
        }
    }

    // What keeps ports shut, and not the agent's own rules: the operator may have opened them in another way.
    private void LeaveToOperator(DesiredFirewall desired, FirewallReport look)
    {
        foreach (var shut in PortBlockers.FindAll(desired, look).Where(one => one.IsCertain))
            progress.Warn($"left to you, because firewall.mode is check: {shut.Where} does not let {shut.Port.Port} in; {shut.Remediation}");
    }

    private async Task<int> HaveDaemonRunAsync(CancellationToken cancel)
    {
        if (systemd is null)
        {
            progress.Warn("there is no systemd here that could run the daemon; start it by hand: smm-agent run");
            return ExitCode.Done;
        }

        var units = new AgentUnits(systemd, progress);
        // What waits for its confirmation must not come back with a restart of the host.
        if (options.ConfirmWithin is null)
        {
            units.Enable();
            new HostRollback(paths, systemd, progress).Forget();
        }

        return await units.StartAsync(cancel);
    }

    private bool Show(FirewallReport report)
    {
        var areDone = progress.Steps(report.Results);
        if (report.NotAttemptedReason is { } why)
            progress.Failed(why);
        else if (report.Results.Count == 0)
            progress.Done("no changes were needed on the host operating system");
        return report.NotAttemptedReason is null && areDone;
    }
}

/// <summary>What a reconcile works with.</summary>
/// <param name="Client">Null while dashboard or WorkloadGroup are not set.</param>
/// <param name="IsCurrent">Whether the mesh configuration is what it should be; what is not was told.</param>
internal sealed record ReconcileWork(AgentSettings Settings, MeshConfig? Config, DashboardClient? Client, bool IsCurrent);
