using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The privileged reconcile of the sidecar: observe, plan, execute, observe again.</summary>
/// <remarks>
/// A reconcile that fails between two states restores the state from before it. The next reconcile completes one that was killed, or
/// restores the state from before that one.
/// </remarks>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
public sealed class SidecarReconciler(
    SidecarObserver observer, SidecarStepExecutor executor, SidecarRecords records, AgentLock hostLock, TimeProvider time,
        Func<double> random)
    : SidecarRestorer(observer, executor, records, hostLock, time, random), ISidecarReconciler
{
    /// <summary>Makes the sidecar what it should be.</summary>
    /// <param name="onStep">Receives the result of each step, as it is done.</param>
    public Task<SidecarOutcome> ApplyAsync(SidecarInputs inputs, Action<StepResult> onStep, CancellationToken cancel) => LockedAsync(
        async () =>
        {
            var (hasNewToken, hasNewCertificate) = (false, false);
            var outcome = await ApplyLockedAsync(
                inputs,
                result =>
                {
                    hasNewToken |= result is { Step: RenewToken { IsRefused: true }, Outcome: StepOutcome.Done };
                    hasNewCertificate |= result is { Step: RestartSidecar { ReplacesCertificate: true }, Outcome: StepOutcome.Done };
                    onStep(result);
                },
                cancel);
            var now = Time.GetUtcNow();
            var report = ReconcileReport.From(outcome.Assessment!, outcome.Failures, Records.BeforeConfirm is not null);
            Records.Report(report with
            {
                RefusedToken = hasNewToken ? report.RefusedToken.AfterReplacement(now) : report.RefusedToken,
                ReplacedCertificate = hasNewCertificate
                    ? report.ReplacedCertificate.AfterReplacement(SidecarInputs.Identity(inputs.Config), now)
                    : report.ReplacedCertificate,
            });
            return outcome;
        },
        cancel);

    private async Task<SidecarOutcome> ApplyLockedAsync(SidecarInputs inputs, Action<StepResult> onStep, CancellationToken cancel)
    {
        var group = inputs.Config.WorkloadGroup;
        var assessment = await DryRunAsync(inputs, cancel);
        List<StepFailure> failures = [];
        if (assessment.Plan.IsEmpty)
        {
            if (UnobservedFailure(assessment) is { } left)
                return new([left], assessment, null);
            Records.EndReconcile();
            return new([], assessment, null);
        }

        // Without a snapshot, a detach would take a sidecar that existed before the agent for one that the agent installed.
        if (!Records.HasBeforeAttach && SidecarSnapshot.UnobservedReason(assessment.Observed) is { } unknown)
        {
            var refused = new StepFailure(
                ReconcilePart.Unit, "", StepFailureReason.NotSeen, $"nothing was changed, because it could not be undone: {unknown}");
            return new([refused], assessment, null);
        }

        var found = SidecarSnapshot.From(assessment.Observed);
        // A full disk, on which no snapshot can be written, must not keep the host cut off.
        if (assessment.Plan.Steps.TakeWhile(step => step is StopSidecar or RemoveCapture).ToList() is { Count: > 0 } failOpen)
        {
            failures = await ExecuteAsync(new(failOpen), group, onStep, cancel);
            assessment = await DryRunAsync(inputs, cancel);
        }

        // Unobserved parts get no step, and a sidecar that is started without them fails for a reason that no message shows.
        if (assessment.Observed.Unit.Value is not { Activity: UnitActivity.Running or UnitActivity.Starting }
            && UnobservedFailure(assessment) is { } unobserved)
        {
            var notStarted = unobserved with { Message = $"the sidecar is not installed or started: {unobserved.Message}" };
            return new([.. failures, notStarted], assessment, null);
        }

        // A detach starts an operator's own sidecar again; a failed reconcile does not start what was just stopped.
        var before = Records.BeginReconcile(SidecarSnapshot.From(assessment.Observed), found);
        if (assessment.Plan.Steps.Any(step => step is InstallPackage))
        {
            // The remaining steps are planned after the installation, because the package creates folders and a user.
            var steps = assessment.Plan.Steps.ToList();
            var toPackage = steps[..(steps.FindIndex(step => step is InstallPackage) + 1)];
            failures.AddRange(await ExecuteAsync(new(toPackage), group, onStep, cancel));
            assessment = await DryRunAsync(inputs, cancel);
            if (Executor.KeepModificationTimes(before, assessment.Observed))
                assessment = await DryRunAsync(inputs, cancel);
            if (failures.Exists(failure => LeavesBetweenStates(failure, before, assessment.Observed)))
                return await RollBackAsync(inputs, before, failures, onStep, cancel);
        }

        var isReplaced = false;
        for (var attempt = 0; attempt < MaximumAttempts && Remaining(assessment, isReplaced) is { IsEmpty: false } plan; attempt++)
        {
            isReplaced |= plan.Steps.Any(step => step is RestartSidecar { ReplacesCertificate: true });
            var failed = await ExecuteAsync(plan, group, onStep, cancel);
            failures.AddRange(failed);
            assessment = await DryRunAsync(inputs, cancel);
            if (failed.Exists(failure => LeavesBetweenStates(failure, before, assessment.Observed)))
                return await RollBackAsync(inputs, before, failures, onStep, cancel);
            // One restart is enough, even if something asks for another.
            if (failed.Count > 0
                || (plan.Steps.Any(step => step is RestartSidecar) && assessment.Plan.Steps.All(step => step is RestartSidecar)))
                break;
        }

        Records.EndReconcile();
        return new(UnobservedFailure(assessment) is { } still ? [.. failures, still] : failures, assessment, null);
    }

    private static StepFailure? UnobservedFailure(SidecarAssessment assessment) =>
        assessment.Desired.Configuration is not null && SidecarRestore.UnobservedReason(assessment.Observed) is { } reason
            ? new(ReconcilePart.Files, "", StepFailureReason.NotSeen, reason)
            : null;

    private async Task<SidecarOutcome> RollBackAsync(
        SidecarInputs inputs, SidecarSnapshot before, List<StepFailure> failures, Action<StepResult> onStep, CancellationToken cancel)
    {
        var undone = await RestoreLockedAsync(
            before,
            observed => SidecarRestore.Plan(before, observed, keepPackages: false, "the previous state is restored"),
            inputs.Config.WorkloadGroup,
            onStep,
            cancel);
        var isRestored = undone.TrueForAll(failure => failure.Reason == StepFailureReason.UserLeft);
        if (isRestored)
            Records.Restored(before);
        return new([.. failures, .. undone], await DryRunAsync(inputs, cancel), null) { IsRolledBack = isRestored };
    }

    // Without an installed sidecar there is nothing else to do, however the installation ended.
    private static Plan Remaining(SidecarAssessment assessment, bool isReplaced)
    {
        if (assessment.Version is null)
            return Plan.Nothing;

        var desired = assessment.Desired with
        {
            KeepsPackage = true,
            MayReplaceCertificate = assessment.Desired.MayReplaceCertificate && !isReplaced,
        };
        return SidecarPlanner.Plan(desired, assessment.Observed);
    }

    /// <summary>Whether a failure leaves a host between two states: the sidecar is neither what it was nor what it should be.</summary>
    /// <remarks>
    /// A package that could not be installed has changed nothing, and a missing token does not keep the other steps from being done. The
    /// next reconcile completes an interrupted installation. A sidecar that is complete but does not start was attached before and stays
    /// attached; the record of failed starts deals with it.
    /// </remarks>
    private static bool LeavesBetweenStates(StepFailure failure, SidecarSnapshot before, ObservedSidecar now) => failure.Part switch
    {
        ReconcilePart.Files => true,
        ReconcilePart.Unit => !before.IsAttached,
        ReconcilePart.Package => before.Version is null && now.Package.Value is { IsPartiallyInstalled: true }
            && failure.Reason != StepFailureReason.Interrupted,
        _ => false,
    };
}
