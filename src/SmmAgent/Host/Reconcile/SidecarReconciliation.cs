using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host.Address;
using SmmAgent.Host.Sidecar;
using SmmAgent.Host.Upgrade;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Reconcile;

/// <summary>The sidecar's part of a reconcile.</summary>
/// <param name="units">Null where there is no systemd.</param>
internal sealed class SidecarReconciliation(AgentPaths paths, ReconcileOptions options, IUnits? units, Progress progress)
{
    // The sidecar's start, and with it the host's, waits for that.
    private static readonly TimeSpan TokenPatience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>Why the sidecar that runs must be restarted by the operator, and the command; null before <see cref="DoAsync"/>, and where it need not.</summary>
    public string? RestartNeeded { get; private set; }

    /// <summary>Keeps a sidecar without cluster.env, as a copy of a machine has it, from its start at boot: the pass writes the file, then starts it.</summary>
    /// <returns>Whether it is held back.</returns>
    public async Task<bool> HoldUnconfiguredAsync(CancellationToken cancel)
    {
        try
        {
            if (units is null || !new SidecarRecords(paths).HasBeforeAttach || HasClusterEnvironment(new(paths.Root))
                || units.ObserveUnit(SidecarObserver.Unit).IsActive)
                return false;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            progress.Warn($"{SidecarFiles.ClusterEnvironment} cannot be seen: {exception.Message}");
            return false;
        }

        var outcome = await units.RunAsync(UnitJob.Stop, SidecarObserver.Unit, StopPatience, cancel);
        if (outcome.IsDone)
            progress.Done($"the sidecar is not started before {SidecarFiles.ClusterEnvironment} is written");
        else
            progress.Warn($"the sidecar has no {SidecarFiles.ClusterEnvironment}, and its start could not be held back: {outcome}");
        return outcome.IsDone;
    }

    // Before an earlier version's host has the drop-in, its sidecar reads the file in the package's folder.
    private static bool HasClusterEnvironment(GuardedFiles files) =>
        files.Exists(SidecarFiles.ClusterEnvironment) || (!files.Exists(SidecarFiles.DropIn) && files.Exists(SidecarFiles.PackageClusterEnvironment));

    /// <summary>Has a good token lie where the sidecar reads it: the kept one, which a restart of the host took from there, or a new one.</summary>
    /// <remarks>A sidecar without one captures all traffic and takes none, also that by which one would be fetched.</remarks>
    /// <param name="client">Null where no dashboard is asked.</param>
    public async Task HaveTokenAsync(MeshConfig config, DashboardClient? client, CancellationToken cancel)
    {
        var group = config.WorkloadGroup;
        // Before the agent attached anything there is no sidecar that waits for it; and who else is at work sees to the token, too.
        if (!new SidecarRecords(paths).HasBeforeAttach)
            return;
        var (held, _) = await new AgentLock(paths.HostLock, TimeProvider.System).AcquireAsync(TimeSpan.Zero, cancel);
        using var release = held;
        if (held is null)
            return;

        var tokens = new SidecarTokens(new GuardedFiles(paths.Root), paths.HostToken, client, TimeProvider.System);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TokenPatience);
        try
        {
            if (tokens.Restore(group))
                return;
            if (await tokens.RenewAsync(group, limit.Token) is { } failure)
                await HoldStartAsync(config, failure.Message, cancel);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await HoldStartAsync(config, $"the dashboard gave none within {TokenPatience.TotalSeconds:0} s", cancel);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            progress.Warn($"the kept istio-token could not be put back: {exception.Message}");
        }
    }

    // systemd has queued its start, and waits for this: a stop takes the start out of the queue. The pass starts the sidecar when a token is there.
    private async Task HoldStartAsync(MeshConfig config, string why, CancellationToken cancel)
    {
        var observed = await HostSidecarPass.Observer(paths, TimeProvider.System, isRoot: true).ObserveAsync(config.WorkloadGroup, null, TimeProvider.System.GetUtcNow(), cancel);
        if (observed.Unit.Value is { Activity: UnitActivity.Running } || units is null)
            return;
        if (observed.Certificate?.IsGood(SidecarInputs.Identity(config), TimeProvider.System.GetUtcNow()) == true)
        {
            progress.Warn($"the sidecar starts with the certificate that it has, and without a good istio-token: {why}");
            return;
        }

        var outcome = await units.RunAsync(UnitJob.Stop, SidecarObserver.Unit, StopPatience, cancel);
        progress.Warn($"the sidecar is not started before it has an istio-token: {why}{(outcome.IsDone ? "" : $"; it could not be held back: {outcome}")}");
    }

    /// <summary>Prints what would be done.</summary>
    /// <returns>Whether there is anything.</returns>
    public async Task<bool> PlanAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel)
    {
        var inputs = await InputsAsync(settings, config, cancel);
        IReadOnlyList<PlanStep> steps = [];
        if (settings.Sidecar.Mode == ManagementMode.Manage)
        {
            var look = await HostSidecarPass.Restorer(paths, units).DryRunAsync(inputs, cancel);
            Say(look);
            steps = look.Plan.Steps;
        }
        else if (settings.Sidecar.Mode == ManagementMode.Check)
        {
            await LeaveToOperatorAsync(inputs, cancel);
        }

        foreach (var step in steps)
            progress.Would($"{step}");
        var upgrade = await new AgentUpgrade(paths, options, progress).ChooseAsync(inputs, cancel);
        if (upgrade is { Package: null })
            progress.Warn(upgrade.Reason);
        else if (upgrade is not null)
            progress.Would(upgrade.Reason);
        return steps.Count > 0 || upgrade?.Package is not null;
    }

    /// <summary>How the host is, to be brought back if nobody confirms; or why that is not known. Neither where the sidecar is not touched.</summary>
    public async Task<(SidecarSnapshot? Before, string? Why)> BeforeAsync(AgentSettings settings, MeshConfig? config, CancellationToken cancel)
    {
        if (config is null || settings.Sidecar.Mode != ManagementMode.Manage || PackageTools.Find().Format is null)
            return (null, null);

        var pass = HostSidecarPass.Restorer(paths, units);
        var (before, why) = await pass.SnapshotAsync(config.WorkloadGroup, cancel);
        if (before is { Version: { } version } && !HostSidecarPass.Delivery(paths, null, bypassBackoff: false).Has(PackageChoice.SidecarPackage, version)
            && (await pass.DryRunAsync(await InputsAsync(settings, config, cancel), cancel)).Plan.Steps.Any(step => step is InstallPackage))
        {
            return (null, $"{PackageChoice.SidecarPackage} {version}, which would be replaced, could not be put back: {paths.PackageCache} does not have its package");
        }

        return (before, why);
    }

    /// <returns>An exit code.</returns>
    public async Task<int> DoAsync(AgentSettings settings, MeshConfig config, DashboardClient client, CancellationToken cancel)
    {
        using var source = new PackageSource(settings.DashboardUrl!, settings.CaFile, ProgramVersion.Current);
        var supply = HostSidecarPass.Supply(paths, settings, source);
        var inputs = await InputsAsync(settings, config, cancel);
        var code = settings.Sidecar.Mode switch
        {
            ManagementMode.Manage => await AttachAsync(inputs, client, supply, cancel),
            ManagementMode.Check => await LeaveToOperatorAsync(inputs, cancel),
            _ => ExitCode.Done,
        };
        return Math.Max(code, await new AgentUpgrade(paths, options, progress).RunAsync(inputs, supply, cancel));
    }

    private async Task<int> AttachAsync(SidecarInputs inputs, DashboardClient client, PackageSupply supply, CancellationToken cancel)
    {
        var pass = HostSidecarPass.Reconciler(paths, units, client, supply, bypassBackoff: !options.HostOnly);
        var work = pass.ApplyAsync(inputs, result => progress.Steps([result]), cancel);
        await progress.WhileAsync(() => pass.Doing, work, TimeProvider.System);
        var outcome = await work;
        if (outcome.Blocked is { } blocked)
        {
            progress.Failed(blocked);
            return ExitCode.Timeout;
        }

        // Of no step, so that none has shown it.
        foreach (var unseen in outcome.Failures.Where(failure => failure.Reason == StepFailureReason.NotSeen))
            progress.Failed(unseen.Message);
        var isWhole = Say(outcome.Assessment!);
        RestartNeeded = SidecarConditions.Evaluate(outcome.Assessment!).FirstOrDefault(finding => finding.Reason == "RestartNeeded")?.Message;
        if (outcome.IsRolledBack)
            progress.Failed("the sidecar's part failed half-way, so the host is as it was before it");
        return isWhole && outcome.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<int> LeaveToOperatorAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        var pass = HostSidecarPass.Restorer(paths, units);
        var outcome = options.DryRun ? new([], await pass.DryRunAsync(inputs, cancel), null) : await pass.ReportAsync(inputs, cancel);
        if (outcome.Assessment is not { } look)
        {
            progress.Failed(outcome.Blocked!);
            return ExitCode.Timeout;
        }

        Say(look);
        foreach (var step in look.Plan.Steps)
            progress.Warn($"left to you, because sidecar.mode is check: {step}");
        return ExitCode.Done;
    }

    /// <summary>Says what no step can tell: why there is none.</summary>
    /// <returns>Whether nothing stands in the way.</returns>
    private bool Say(SidecarAssessment look)
    {
        if (look.Fault is { } fault)
            progress.Failed($"the sidecar is not configured: {fault.Message}");
        if (look.Observed.Package.UnknownReason is { } unseen)
            progress.Failed($"the installed packages cannot be seen: {unseen}");
        var isOffered = look.Version is not null
            || look.Desired.Package.Outcome is not (PackageOutcome.NotOffered or PackageOutcome.NoChecksum or PackageOutcome.UntrustedSource or PackageOutcome.NoTrustedKey);
        if (!isOffered)
            progress.Failed(look.Desired.Package.Reason);
        if (SidecarConditions.IneffectiveSettings(look) is { } settings)
            progress.Warn(settings);
        if (look.Desired.Hold is { } hold)
            progress.Warn($"{SidecarConditions.HeldBack(look, hold)}; journalctl -u istio");
        var masked = look.Observed.Unit.Value is { IsMasked: true } unit ? unit : null;
        if (masked is not null)
            progress.Failed($"istio.service is masked, so the sidecar is not started: {masked.UnmaskCommand}");
        return look.Fault is null && look.Observed.Package.UnknownReason is null && isOffered && masked is null;
    }

    private async Task<SidecarInputs> InputsAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel)
    {
        var address = await HostAddress.FindAsync(paths, settings, config, save: !options.DryRun, cancel);
        if (address is { Address: not null, AddressKnown.Reason: AddressDecision.LastKnown })
            progress.Warn(address.AddressKnown.Message);
        return await HostSidecarPass.HostContext(TimeProvider.System).ReadAsync(settings, config, address.Address?.Value, cancel);
    }
}
