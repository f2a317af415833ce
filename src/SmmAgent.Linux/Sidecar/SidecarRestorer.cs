using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Observes the sidecar, plans without changing anything, and restores a recorded state. It installs nothing new.</summary>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
public class SidecarRestorer(
    SidecarObserver observer, SidecarStepExecutor executor, SidecarRecords records, AgentLock hostLock, TimeProvider time,
        Func<double> random)
    : ISidecarRestorer
{
    /// <summary>How many plans are executed before the result counts as not lasting.</summary>
    protected const int MaximumAttempts = 3;

    /// <summary>
    /// How long to wait for another reconcile: one that must end does so once its package is installed, which takes 12 min at most.
    /// </summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(15);

    private bool _isWaiting;

    /// <summary>The current activity, in one line for a person who watches.</summary>
    public string Doing =>
        _isWaiting ? $"waiting for {hostLock.Holder ?? "another smm-agent"}, which is working on the sidecar" : executor.Doing;

    protected SidecarStepExecutor Executor => executor;

    protected SidecarRecords Records => records;

    protected TimeProvider Time => time;

    /// <summary>Observes and plans. Nothing is changed.</summary>
    public Task<SidecarAssessment> DryRunAsync(SidecarInputs inputs, CancellationToken cancel) => observer.AssessAsync(
        inputs,
        (records.Report() ?? ReconcileReport.None) with { IsUnconfirmed = records.BeforeConfirm is not null },
        time.GetUtcNow(),
        random(),
        cancel);

    /// <summary>Observes, and reports to the daemon what only root can observe.</summary>
    public Task<SidecarOutcome> ReportAsync(SidecarInputs inputs, CancellationToken cancel) => LockedAsync(
        async () =>
        {
            var assessment = await DryRunAsync(inputs, cancel);
            records.Report(ReconcileReport.From(assessment, [], records.BeforeConfirm is not null));
            return new([], assessment, null);
        },
        cancel);

    /// <summary>Restores the recorded state.</summary>
    /// <param name="before">The snapshot; null where there is none.</param>
    /// <param name="onStep">Receives the result of each step, as it is done.</param>
    public Task<SidecarOutcome> RestoreAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, Action<StepResult> onStep, CancellationToken cancel) =>
        LockedAsync(async () => new(await RestoreLockedAsync(before, planFor, null, onStep, cancel), null, null), cancel);

    /// <summary>
    /// Takes a snapshot to restore later; or returns the reason why the state is unknown. Parts that were not observed would be removed as
    /// if they had not existed.
    /// </summary>
    public async Task<(SidecarSnapshot? Before, string? Reason)> SnapshotAsync(WorkloadGroup? group, CancellationToken cancel)
    {
        var observed = await observer.ObserveAsync(group, null, time.GetUtcNow(), cancel);
        return SidecarSnapshot.UnobservedReason(observed) is { } reason ? (null, reason) : (SidecarSnapshot.From(observed), null);
    }

    /// <summary>Does work while no other reconcile is active.</summary>
    protected async Task<SidecarOutcome> LockedAsync(Func<Task<SidecarOutcome>> work, CancellationToken cancel)
    {
        _isWaiting = true;
        var (held, reason) = await hostLock.AcquireAsync(LockTimeout, cancel);
        _isWaiting = false;
        using (held)
            return held is null ? new([], null, reason) : await work();
    }

    protected async Task<List<StepFailure>> RestoreLockedAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, WorkloadGroup? group, Action<StepResult> onStep,
            CancellationToken cancel)
    {
        List<StepFailure> left = [];
        for (var attempt = 0; ; attempt++)
        {
            // What a removed package takes along shows only after the removal.
            var observed = await observer.ObserveAsync(group, null, time.GetUtcNow(), cancel);
            if (before is not null && SidecarRestore.UnobservedReason(observed) is { } reason)
            {
                return
                [
                    new(ReconcilePart.Files, "", StepFailureReason.NotSeen,
                        $"not everything could be restored, because the present state could not be observed: {reason}"),
                ];
            }

            var plan = planFor(observed);
            if (plan.Steps.All(step => attempt > 0 && SidecarRestore.MayRemain(step)))
                return left;
            if (attempt == MaximumAttempts)
            {
                return
                [
                    new(ReconcilePart.Files, "", StepFailureReason.Failed,
                        $"something undoes the restore each time: {string.Join("; ", plan.Steps)}"),
                ];
            }

            left = await ExecuteAsync(plan, group, onStep, cancel);
            if (left.Exists(failure => failure.Reason != StepFailureReason.UserLeft))
                return left;
        }
    }

    /// <summary>Executes a plan.</summary>
    /// <returns>The failures.</returns>
    protected async Task<List<StepFailure>> ExecuteAsync(Plan plan, WorkloadGroup? group, Action<StepResult> onStep,
        CancellationToken cancel)
    {
        List<StepFailure> failures = [];
        var steps = new Queue<PlanStep>(plan.Steps);
        while (steps.TryDequeue(out var step))
        {
            cancel.ThrowIfCancellationRequested();
            List<PlanStep> together = [step];
            while (IsWrite(step) && steps.TryPeek(out var next) && IsWrite(next))
                together.Add(steps.Dequeue());

            var failure = IsWrite(step) ? executor.Write(together) : await executor.ApplyAsync(step, group, cancel);
            foreach (var one in together)
                onStep(new(one, failure is null ? StepOutcome.Done : StepOutcome.Failed, failure?.Message));
            if (failure is null)
                continue;

            failures.Add(failure);
            if (step is RenewToken { IsNeeded: true })
                steps = WithoutStart(steps, onStep);
            // Later steps depend on this one. But a missing token does not matter at once, and without a version that cannot be restored
            // the rest can still be restored.
            if (step is not (RenewToken or StopSidecar or RemoveCapture or RemoveOtherCapture or RemoveTables or RemoveAccount
                or RestorePackage))
                break;
        }

        return failures;
    }

    // Without a token the sidecar would capture all traffic, including the requests that fetch a token, and would get no configuration.
    private static Queue<PlanStep> WithoutStart(Queue<PlanStep> steps, Action<StepResult> onStep)
    {
        foreach (var start in steps.Where(step => step is StartSidecar or RestartSidecar))
            onStep(new(start, StepOutcome.Failed, "the sidecar is not started, because no istio-token could be fetched"));
        // Without the restart that belongs to it, a removed certificate would hide that the sidecar still runs with it.
        return new(steps.Where(step =>
            step is not (StartSidecar or RestartSidecar or RemoveSidecarFile { Path: SidecarFiles.Certificate or SidecarFiles.Key })));
    }

    private static bool IsWrite(PlanStep step) => step is WriteSidecarFile or SetHosts;
}
