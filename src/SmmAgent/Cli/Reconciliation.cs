using SmmAgent.Core.Firewall;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon;
using SmmAgent.Linux.State;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary>The pass that <c>smm-agent reconcile</c> makes.</summary>
/// <param name="systemd">Null where there is none, or nothing is asked of it.</param>
internal sealed class Reconciliation(AgentPaths paths, ReconcileOptions options, IUnits? systemd, Progress progress)
{
    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (!options.DryRun)
            progress.Done("reconciling host operating system");
        else if (systemd is not null && new Rollback(paths, systemd, progress).IsArmed)
            progress.Warn($"an earlier reconcile waits for its confirmation: {(options.ConfirmWithin is null ? "until then this one is refused" : "this one lengthens the wait")}; sudo smm-agent confirm");
        if (ReadSettings() is not { } settings)
            return ExitCode.Usage;
        if (settings.Uuid is null && Uuid() is > ExitCode.Done and var refusal)
            return refusal;

        progress.Done($"configuration loaded config={paths.Settings}");
        var (config, code) = await HostMeshConfig.FetchAsync(paths, settings, save: !options.DryRun, progress, cancel);
        var desired = DesiredFirewall.From(settings, config);
        var failure = options.DryRun ? await PlanAsync(desired, settings, cancel) : await DoAsync(desired, settings, isCurrent: code == ExitCode.Done, cancel);
        return failure is > ExitCode.Done ? failure : code;
    }

    private AgentSettings? ReadSettings()
    {
        if (AtomicFile.ReadLimited(paths.Settings, SettingsReader.MaximumBytes) is not { } bytes)
        {
            progress.Failed($"{paths.Settings} does not exist yet: it names the dashboard and the WorkloadGroup; sudo smm-agent set dashboard-url URL");
            return null;
        }

        var reading = SettingsReader.Read(bytes);
        foreach (var warning in reading.Warnings)
            progress.Warn($"{paths.Settings}: {warning}");
        foreach (var fault in reading.Faults)
            progress.Failed($"{paths.Settings}: {fault}");
        return reading.Settings;
    }

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

    private async Task<int> PlanAsync(DesiredFirewall desired, AgentSettings settings, CancellationToken cancel)
    {
        var look = await HostFirewallPass.Create(paths, TimeProvider.System).LookAsync(desired, cancel, Owner);
        var unseen = look.Observed.Filters.Where(filter => filter.State.WhyUnknown is not null).ToList();
        foreach (var filter in unseen)
            progress.Warn($"{filter.Tool} cannot be seen: {filter.State.WhyUnknown}");
        if (unseen.Count > 0 && unseen.Count == look.Observed.Filters.Count)
            return Environment.IsPrivilegedProcess ? ExitCode.Failed : ExitCode.NotPermitted;

        var plan = settings.FirewallMode == PartMode.Manage ? look.Remaining : Plan.Nothing;
        var start = systemd is null ? null : new AgentUnits(systemd, progress).StartPlan(enable: options.ConfirmWithin is null);
        if (options.ConfirmWithin is { } within)
            progress.Would($"would arm a rollback within={within.TotalSeconds}s");
        foreach (var step in plan.Steps)
            progress.Would($"{step}");
        if (settings.FirewallMode == PartMode.Check)
            LeaveToOperator(desired, look);
        if (start is not null)
            progress.Would(start);
        else if (plan.IsEmpty && settings.Uuid is not null)
            progress.Done("nothing to do");
        return ExitCode.Done;
    }

    /// <param name="isCurrent">Whether the mesh configuration is what it should be; what is not was told.</param>
    private async Task<int> DoAsync(DesiredFirewall desired, AgentSettings settings, bool isCurrent, CancellationToken cancel)
    {
        var rollback = systemd is null ? null : new Rollback(paths, systemd, progress);
        var armed = TimeProvider.System.GetTimestamp();
        if (options.ConfirmWithin is { } window && !await rollback!.ArmAsync(window, cancel))
            return ExitCode.Failed;

        var failed = !await FirewallAsync(desired, settings, cancel);
        // Whatever took so long: what was rolled back is not done again behind the operator's back.
        if (options.ConfirmWithin is not null && !rollback!.IsPending)
        {
            progress.Failed("the time to confirm was over before all was done, so it is rolled back: give it longer");
            return ExitCode.Timeout;
        }

        var code = failed ? ExitCode.Failed : ExitCode.Done;
        if (!options.HostOnly)
            code = Math.Max(code, await HaveDaemonRunAsync(cancel));
        if (code == ExitCode.Done && isCurrent)
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

    private async Task<bool> FirewallAsync(DesiredFirewall desired, AgentSettings settings, CancellationToken cancel)
    {
        var pass = HostFirewallPass.Create(paths, TimeProvider.System);
        switch (settings.FirewallMode)
        {
            case PartMode.Manage:
                return Show(await pass.ApplyAsync(desired, cancel, Owner));
            case PartMode.Check:
                LeaveToOperator(desired, await pass.LookAsync(desired, cancel, Owner));
                return true;
            default:
                return true;
        }
    }

    // What keeps ports shut, and not the agent's own rules: the operator may have opened them in another way.
    private void LeaveToOperator(DesiredFirewall desired, FirewallReport look)
    {
        foreach (var shut in PortHindrances.Of(desired, look).Where(one => one.Certain))
            progress.Warn($"left to you, because firewall.mode is check: {shut.Where} does not let {shut.Port.Port} in; {shut.Cure}");
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
            HostState.DropUndo(paths);
        }

        return await units.StartAsync(cancel);
    }

    private bool Show(FirewallReport report)
    {
        var areDone = progress.Steps(report.Results);
        if (report.Blocked is { } why)
            progress.Failed(why);
        else if (report.Results.Count == 0)
            progress.Done("no changes were needed on the host operating system");
        return report.Blocked is null && areDone;
    }
}
