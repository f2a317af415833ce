using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Sidecar;

/// <summary>One pass of root's over the sidecar: observe, plan, apply, observe. <see cref="DryRunAsync"/> only observes and plans.</summary>
/// <remarks>
/// A pass that fails half-way puts the host back as it was before; one that was killed is finished by the next, or put back by it as it was
/// before the killed one.
/// </remarks>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
public sealed class SidecarReconciler(
    SidecarObserver observer, SidecarStepExecutor host, SidecarRecords records, AgentLock passLock, TimeProvider time, Func<double> random)
{
    /// <summary>How long another pass is waited for: one that must end does so once its package is installed, which takes 12 min at most.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(15);

    private const int Tries = 3;

    /// <summary>What is being done, in one line for whoever watches.</summary>
    public string Doing => _isWaiting ? $"waiting for {passLock.Holder ?? "another smm-agent"}, which is at work on the sidecar" : host.Doing;

    private bool _isWaiting;

    /// <summary>Only looks: what is there, and what would be done.</summary>
    public Task<SidecarAssessment> DryRunAsync(SidecarInputs inputs, CancellationToken cancel) =>
        observer.AssessAsync(
            inputs, (records.Report() ?? ReconcileReport.None) with { IsUnconfirmed = records.BeforeConfirm is not null }, time.GetUtcNow(), random(), cancel);

    /// <summary>Only looks, and tells the daemon what only root sees.</summary>
    public Task<SidecarOutcome> ReportAsync(SidecarInputs inputs, CancellationToken cancel) => LockedAsync(
        async () =>
        {
            var look = await DryRunAsync(inputs, cancel);
            records.Report(ReconcileReport.From(look, [], records.BeforeConfirm is not null));
            return new([], look, null);
        },
        cancel);

    /// <summary>Makes the sidecar what it should be.</summary>
    /// <param name="tell">Told what became of each step, as it is done.</param>
    public Task<SidecarOutcome> ApplyAsync(SidecarInputs inputs, Action<StepResult> tell, CancellationToken cancel) => LockedAsync(
        async () =>
        {
            var (hasNewToken, hasNewCertificate) = (false, false);
            var outcome = await ApplyLockedAsync(
                inputs,
                result =>
                {
                    hasNewToken |= result is { Step: RenewToken { IsRefused: true }, Outcome: StepOutcome.Done };
                    hasNewCertificate |= result is { Step: RestartSidecar { ReplacesCertificate: true }, Outcome: StepOutcome.Done };
                    tell(result);
                },
                cancel);
            var report = ReconcileReport.From(outcome.Assessment!, outcome.Failures, records.BeforeConfirm is not null);
            records.Report(report with
            {
                RefusedToken = hasNewToken ? report.RefusedToken.AfterReplacement(time.GetUtcNow()) : report.RefusedToken,
                ReplacedCertificate = hasNewCertificate ? report.ReplacedCertificate.AfterReplacement(SidecarInputs.Identity(inputs.Config), time.GetUtcNow()) : report.ReplacedCertificate,
            });
            return outcome;
        },
        cancel);

    /// <summary>Brings back how the host was.</summary>
    /// <param name="before">How it was; null where nobody has written that down.</param>
    public Task<SidecarOutcome> RestoreAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, Action<StepResult> tell, CancellationToken cancel) =>
        LockedAsync(async () => new(await UndoAsync(before, planFor, null, tell, cancel), null, null), cancel);

    /// <summary>How the host is now, to be brought back later; or why that is not known: what was not seen would be removed as if it had not been there.</summary>
    public async Task<(SidecarSnapshot? Before, string? Why)> SnapshotAsync(WorkloadGroup? group, CancellationToken cancel)
    {
        var observed = await observer.ObserveAsync(group, null, time.GetUtcNow(), cancel);
        return SidecarSnapshot.UnobservedReason(observed) is { } why ? (null, why) : (SidecarSnapshot.From(observed), null);
    }

    private async Task<SidecarOutcome> LockedAsync(Func<Task<SidecarOutcome>> work, CancellationToken cancel)
    {
        _isWaiting = true;
        var (held, why) = await passLock.AcquireAsync(LockTimeout, cancel);
        _isWaiting = false;
        using (held)
            return held is null ? new([], null, why) : await work();
    }

    private async Task<SidecarOutcome> ApplyLockedAsync(SidecarInputs inputs, Action<StepResult> tell, CancellationToken cancel)
    {
        var group = inputs.Config.WorkloadGroup;
        var look = await DryRunAsync(inputs, cancel);
        List<StepFailure> failures = [];
        if (look.Plan.IsEmpty)
        {
            if (UnobservedFailure(look) is { } left)
                return new([left], look, null);
            records.EndReconcile();
            return new([], look, null);
        }

        // A sidecar that was there before the agent must not be taken for the agent's when it is detached.
        if (!records.HasBeforeAttach && SidecarSnapshot.UnobservedReason(look.Observed) is { } unknown)
            return new([new(ReconcilePart.Unit, "", StepFailureReason.NotSeen, $"nothing was changed, because it could not be undone: {unknown}")], look, null);

        var found = SidecarSnapshot.From(look.Observed);
        // A full disk, on which nothing can be written down, must not keep the host cut off.
        if (look.Plan.Steps.TakeWhile(step => step is StopSidecar or RemoveCapture).ToList() is { Count: > 0 } relief)
        {
            failures = await DoAsync(new(relief), group, tell, cancel);
            look = await DryRunAsync(inputs, cancel);
        }

        // What is not seen gets no step, and a sidecar that is started without it fails for a reason that nobody is shown.
        if (look.Observed.Unit.Value is not { Activity: UnitActivity.Running or UnitActivity.Starting } && UnobservedFailure(look) is { } unseen)
            return new([.. failures, unseen with { Message = $"the sidecar is not installed or started: {unseen.Message}" }], look, null);

        // A detach starts an operator's own sidecar again; a pass that fails does not start what was just stopped.
        var before = records.BeginReconcile(SidecarSnapshot.From(look.Observed), found);
        if (look.Plan.Steps.Any(step => step is InstallPackage))
        {
            // What is to be done with the rest is planned when it is there: it brings folders, and a user.
            var steps = look.Plan.Steps.ToList();
            failures.AddRange(await DoAsync(new(steps[..(steps.FindIndex(step => step is InstallPackage) + 1)]), group, tell, cancel));
            look = await DryRunAsync(inputs, cancel);
            if (host.KeepModificationTimes(before, look.Observed))
                look = await DryRunAsync(inputs, cancel);
            if (failures.Exists(failure => IsHalfWay(failure, before, look.Observed)))
                return await RollBackAsync(inputs, before, failures, tell, cancel);
        }

        var isReplaced = false;
        for (var attempt = 0; attempt < Tries && Rest(look, isReplaced) is { IsEmpty: false } plan; attempt++)
        {
            isReplaced |= plan.Steps.Any(step => step is RestartSidecar { ReplacesCertificate: true });
            var failed = await DoAsync(plan, group, tell, cancel);
            failures.AddRange(failed);
            look = await DryRunAsync(inputs, cancel);
            if (failed.Exists(failure => IsHalfWay(failure, before, look.Observed)))
                return await RollBackAsync(inputs, before, failures, tell, cancel);
            // Once is enough, whatever asks for another.
            if (failed.Count > 0 || (plan.Steps.Any(step => step is RestartSidecar) && look.Plan.Steps.All(step => step is RestartSidecar)))
                break;
        }

        records.EndReconcile();
        return new(UnobservedFailure(look) is { } still ? [.. failures, still] : failures, look, null);
    }

    private static StepFailure? UnobservedFailure(SidecarAssessment look) => look.Desired.Configuration is not null && SidecarRestore.UnobservedReason(look.Observed) is { } why
        ? new(ReconcilePart.Files, "", StepFailureReason.NotSeen, why)
        : null;

    private async Task<SidecarOutcome> RollBackAsync(
        SidecarInputs inputs, SidecarSnapshot before, List<StepFailure> failures, Action<StepResult> tell, CancellationToken cancel)
    {
        var undo = await UndoAsync(
            before, observed => SidecarRestore.Plan(before, observed, keepPackages: false, "it is put back as it was"), inputs.Config.WorkloadGroup, tell, cancel);
        var isBack = undo.TrueForAll(failure => failure.Reason == StepFailureReason.UserLeft);
        if (isBack)
            records.Restored(before);
        return new([.. failures, .. undo], await DryRunAsync(inputs, cancel), null) { IsRolledBack = isBack };
    }

    private async Task<List<StepFailure>> UndoAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, WorkloadGroup? group, Action<StepResult> tell, CancellationToken cancel)
    {
        List<StepFailure> left = [];
        for (var attempt = 0; ; attempt++)
        {
            // What goes with a package is seen only after that.
            var observed = await observer.ObserveAsync(group, null, time.GetUtcNow(), cancel);
            if (before is not null && SidecarRestore.UnobservedReason(observed) is { } why)
                return [new(ReconcilePart.Files, "", StepFailureReason.NotSeen, $"not all could be undone, because it could not be seen: {why}")];

            var plan = planFor(observed);
            if (plan.Steps.All(step => attempt > 0 && SidecarRestore.MayRemain(step)))
                return left;
            if (attempt == Tries)
                return [new(ReconcilePart.Files, "", StepFailureReason.Failed, $"it does not last: {string.Join("; ", plan.Steps)}")];
            left = await DoAsync(plan, group, tell, cancel);
            if (left.Exists(failure => failure.Reason != StepFailureReason.UserLeft))
                return left;
        }
    }

    // Whatever became of the package: without a sidecar there is nothing else to do.
    private static Plan Rest(SidecarAssessment look, bool isReplaced) => look.Version is null ? Plan.Nothing : SidecarPlanner.Plan(
        look.Desired with { KeepsPackage = true, MayReplaceCertificate = look.Desired.MayReplaceCertificate && !isReplaced }, look.Observed);

    /// <summary>Whether a failure leaves a host between two states: the sidecar is not what it was, nor what it should be.</summary>
    /// <remarks>
    /// A package that could not be installed has changed nothing, and a token that could not be had keeps nothing else from being done. What was
    /// interrupted is completed by the next pass. One that does not start, though all of it is there, is for the record of failed starts: it was
    /// attached, and stays so.
    /// </remarks>
    private static bool IsHalfWay(StepFailure failure, SidecarSnapshot before, ObservedSidecar now) => failure.Part switch
    {
        ReconcilePart.Files => true,
        ReconcilePart.Unit => !before.IsAttached,
        ReconcilePart.Package => before.Version is null && now.Package.Value is { IsPartiallyInstalled: true } && failure.Reason != StepFailureReason.Interrupted,
        _ => false,
    };

    private async Task<List<StepFailure>> DoAsync(Plan plan, WorkloadGroup? group, Action<StepResult> tell, CancellationToken cancel)
    {
        List<StepFailure> failures = [];
        var steps = new Queue<PlanStep>(plan.Steps);
        while (steps.TryDequeue(out var step))
        {
            cancel.ThrowIfCancellationRequested();
            List<PlanStep> together = [step];
            while (IsWrite(step) && steps.TryPeek(out var next) && IsWrite(next))
                together.Add(steps.Dequeue());

            var failure = IsWrite(step) ? host.Write(together) : await host.ApplyAsync(step, group, cancel);
            foreach (var one in together)
                tell(new(one, failure is null ? StepOutcome.Done : StepOutcome.Failed, failure?.Message));
            if (failure is null)
                continue;

            failures.Add(failure);
            if (step is RenewToken { IsNeeded: true })
                steps = WithoutStart(steps, tell);
            // What comes after stands on it; but a token is not missed at once, and with a version that is gone for good the rest is as it was.
            if (step is not (RenewToken or StopSidecar or RemoveCapture or RemoveOtherCapture or RemoveTables or RemoveAccount or RestorePackage))
                break;
        }

        return failures;
    }

    // It would capture all traffic, also that by which a token is fetched, and get no configuration.
    private static Queue<PlanStep> WithoutStart(Queue<PlanStep> steps, Action<StepResult> tell)
    {
        foreach (var start in steps.Where(step => step is StartSidecar or RestartSidecar))
            tell(new(start, StepOutcome.Failed, "the sidecar is not started before it has an istio-token, which could not be had"));
        // Without the restart that belongs to it, a removed certificate would hide that the sidecar still runs with it.
        return new(steps.Where(step => step is not (StartSidecar or RestartSidecar or RemoveSidecarFile { Path: SidecarFiles.Certificate or SidecarFiles.Key })));
    }

    private static bool IsWrite(PlanStep step) => step is WriteSidecarFile or SetHosts;
}
