using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host.Address;
using SmmAgent.Host.Upgrade;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Host.Reconcile;

/// <summary>Plans and applies the changes of a reconcile to the sidecar and to the package of the agent.</summary>
internal sealed class SidecarReconcile(HostContext host, ReconcileOptions options)
{
    private readonly AgentUpgrade _upgrade = new(host, waitsForConfirmation: options.ConfirmWithin is not null);

    /// <summary>
    /// The reason for a restart of the running sidecar by the operator, with the command; null before <see cref="ApplyAsync"/>, and if no
    /// restart is needed.
    /// </summary>
    public string? RestartNeeded { get; private set; }

    /// <summary>Prints the plan.</summary>
    /// <returns>Whether it has a step.</returns>
    public async Task<bool> PlanAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel)
    {
        var inputs = await InputsAsync(settings, config, cancel);
        IReadOnlyList<PlanStep> steps = [];
        if (settings.Sidecar.Mode == ManagementMode.Manage)
        {
            var assessment = await host.Sidecar.Restorer(host.Units).DryRunAsync(inputs, cancel);
            Report(assessment);
            steps = assessment.Plan.Steps;
        }
        else if (settings.Sidecar.Mode == ManagementMode.Check)
        {
            await LeaveToOperatorAsync(inputs, cancel);
        }

        foreach (var step in steps)
            host.Progress.Would($"{step}", ProgressLine.Sidecar);
        var upgrade = await _upgrade.ChooseAsync(inputs, cancel);
        if (upgrade is { Package: null })
            host.Progress.Warn(upgrade.Reason);
        else if (upgrade is not null)
            host.Progress.Would(upgrade.Reason);
        return steps.Count > 0 || upgrade?.Package is not null;
    }

    /// <summary>
    /// The state to restore without a confirmation, or the reason that it is unknown. Both are null if the sidecar is not changed.
    /// </summary>
    public async Task<(SidecarSnapshot? Before, string? Reason)> BeforeAsync(
        AgentSettings settings, MeshConfig? config, CancellationToken cancel)
    {
        if (config is null || settings.Sidecar.Mode != ManagementMode.Manage || !host.Sidecar.HasPackageManager)
            return (null, null);

        var sidecar = host.Sidecar.Restorer(host.Units);
        var (before, reason) = await sidecar.SnapshotAsync(config.WorkloadGroup, cancel);
        if (before is { Version: { } version } && !host.Sidecar.HasPackage(PackageChoice.SidecarPackage, version)
            && (await sidecar.DryRunAsync(await InputsAsync(settings, config, cancel), cancel)).Plan.Steps.Any(
                step => step is InstallPackage))
        {
            return (null,
                $"{PackageChoice.SidecarPackage} {version}, which would be replaced, could not be restored: {host.Paths.PackageCache} does "
                    + "not have its package");
        }

        return (before, reason);
    }

    /// <returns>An exit code.</returns>
    public async Task<int> ApplyAsync(AgentSettings settings, MeshConfig config, IHostDashboard dashboard, CancellationToken cancel)
    {
        using var session = host.Sidecar.Open(settings, dashboard, host.Units, force: !options.HostOnly);
        var inputs = await InputsAsync(settings, config, cancel);
        var code = settings.Sidecar.Mode switch
        {
            ManagementMode.Manage => await AttachAsync(inputs, session.Reconciler, cancel),
            ManagementMode.Check => await LeaveToOperatorAsync(inputs, cancel),
            _ => ExitCode.Done,
        };
        return Math.Max(code, await _upgrade.RunAsync(inputs, session.Packages, cancel));
    }

    private async Task<int> AttachAsync(SidecarInputs inputs, ISidecarReconciler sidecar, CancellationToken cancel)
    {
        var work = sidecar.ApplyAsync(inputs, result => host.Progress.Steps([result]), cancel);
        await host.Progress.WhileAsync(() => sidecar.Doing, work, host.Time);
        var outcome = await work;
        if (outcome.Blocked is { } blocked)
        {
            host.Progress.Failed(blocked);
            return ExitCode.Timeout;
        }

        // These failures belong to no step, so no step has printed them.
        foreach (var unreadable in outcome.Failures.Where(failure => failure.Reason == StepFailureReason.NotSeen))
            host.Progress.Failed(unreadable.Message);
        var isComplete = Report(outcome.Assessment!);
        RestartNeeded = SidecarConditions.Evaluate(outcome.Assessment!)
            .FirstOrDefault(update => update.Reason == SidecarReasons.RestartNeeded)?.Message;
        if (outcome.IsRolledBack)
            host.Progress.Failed("sidecar setup failed; its changes were rolled back");
        return isComplete && outcome.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<int> LeaveToOperatorAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        var sidecar = host.Sidecar.Restorer(host.Units);
        var outcome = options.DryRun ? new([], await sidecar.DryRunAsync(inputs, cancel), null) : await sidecar.ReportAsync(inputs, cancel);
        if (outcome.Assessment is not { } assessment)
        {
            host.Progress.Failed(outcome.Blocked!);
            return ExitCode.Timeout;
        }

        Report(assessment);
        foreach (var step in assessment.Plan.Steps)
            host.Progress.Warn($"left to you, because sidecar.mode is check: {step}");
        return ExitCode.Done;
    }

    /// <summary>Prints the reasons for missing steps.</summary>
    /// <returns>Whether the plan is complete.</returns>
    private bool Report(SidecarAssessment assessment)
    {
        if (assessment.Fault is { } fault)
            host.Progress.Failed($"the sidecar is not configured: {fault.Message}");
        if (assessment.Observed.Package.UnknownReason is { } unreadable)
            host.Progress.Failed($"the installed packages cannot be read: {unreadable}");
        var isOffered = assessment.Version is not null
            || assessment.Desired.Package.Outcome
            is not (PackageOutcome.NotOffered or PackageOutcome.NoChecksum or PackageOutcome.UntrustedSource
                or PackageOutcome.NoTrustedKey);
        if (!isOffered)
            host.Progress.Failed(assessment.Desired.Package.Reason);
        if (SidecarConditions.IneffectiveSettings(assessment) is { } settings)
            host.Progress.Warn(settings);
        if (assessment.Desired.Hold is { } hold)
            host.Progress.Warn($"{SidecarConditions.HeldBack(assessment, hold)}; journalctl -u istio");
        var masked = assessment.Observed.Unit.Value is { IsMasked: true } unit ? unit : null;
        if (masked is not null)
            host.Progress.Failed($"istio.service is masked, so the sidecar is not started: {masked.UnmaskCommand}");
        return assessment.Fault is null && assessment.Observed.Package.UnknownReason is null && isOffered && masked is null;
    }

    private async Task<SidecarInputs> InputsAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel)
    {
        var address = await new HostAddress(host.Paths, host.Time).FindAsync(settings, config, save: !options.DryRun, cancel);
        if (address is { Address: not null, AddressKnown.Reason: AddressDecision.LastKnown })
            host.Progress.Warn(address.AddressKnown.Message);
        return await host.Sidecar.ReadInputsAsync(settings, config, address.Address?.Value, cancel);
    }
}
