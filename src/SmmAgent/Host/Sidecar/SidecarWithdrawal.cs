using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Host.Sidecar;

/// <summary>Undoes the changes of the agent to the sidecar, using the recorded previous state.</summary>
internal sealed class SidecarWithdrawal(HostContext host)
{
    private const string Leaving = "this VM leaves the mesh";

    private readonly SidecarRecords _records = new(host.Paths);

    /// <summary>The plan of <see cref="DetachAsync"/>, a line for each step.</summary>
    public async Task<List<string>> PlanAsync(bool keepPackages, CancellationToken cancel)
    {
        var observed = await host.Sidecar.ObserveAsync(null, cancel);
        return PlanFor(_records.BeforeAttach, keepPackages)(observed).Steps.Select(step => $"{step}").ToList();
    }

    /// <summary>Leaves the mesh and restores the sidecar to its state before the first attach.</summary>
    /// <param name="keepPackages">Whether to keep the package that the agent installed.</param>
    /// <returns>Whether a change was undone; null if one could not be undone, which is printed.</returns>
    public async Task<bool?> DetachAsync(bool keepPackages, CancellationToken cancel)
    {
        var before = _records.BeforeAttach;
        var isDamaged = before is null && _records.HasBeforeAttach;
        if (isDamaged)
        {
            host.Progress.Warn($"{host.Paths.BeforeAttach} is damaged, so the previous state is unknown: the sidecar stays; "
                + "to remove the sidecar manually: sudo systemctl disable --now istio && "
                + $"{host.Sidecar.RemovalCommand(PackageChoice.SidecarPackage)} && sudo rm {host.Paths.BeforeAttach}");
        }

        var (steps, isLeft) = (0, false);
        string? left = null;
        var planFor = PlanFor(before, keepPackages);
        var areDone = await RunAsync(
            before,
            observed =>
            {
                left = before is null ? SidecarRestore.LeftWithoutSnapshot(observed) : null;
                isLeft = keepPackages && observed.Package.Value is { Exists: true };
                return planFor(observed);
            },
            () => steps++,
            cancel);
        if (left is not null)
            host.Progress.Warn(left);
        if (isLeft && before is { Version: null })
        {
            host.Progress.Warn($"the package {PackageChoice.SidecarPackage}, which the agent installed, stays, "
                + "because no package can be removed during the removal of another. "
                + "The sidecar is stopped and disabled. To remove the package: "
                + $"{host.Sidecar.RemovalCommand(PackageChoice.SidecarPackage)} (\"sudo smm-agent detach\" before the removal of "
                + "smm-agent also removes it)");
        }

        // The record is kept until the operator has stopped the remaining sidecar.
        if (!areDone || (isDamaged && left is not null))
            return null;

        _records.Forget();
        return steps > 0 || isDamaged;
    }

    /// <summary>Restores the previous state.</summary>
    /// <returns>Whether the previous state is restored completely; otherwise the reason is printed.</returns>
    public async Task<bool> RestoreAsync(SidecarSnapshot before, CancellationToken cancel)
    {
        var isRestored = await RunAsync(
            before, observed => SidecarRestore.Plan(before, observed, keepPackages: false, "the change was not confirmed"), () => { },
            cancel);
        if (isRestored)
            _records.Restored(before);
        return isRestored;
    }

    private static Func<ObservedSidecar, Plan> PlanFor(SidecarSnapshot? before, bool keepPackages) => observed =>
        before is null ? SidecarRestore.WithoutSnapshot(observed) : SidecarRestore.Plan(before, observed, keepPackages, Leaving);

    private async Task<bool> RunAsync(SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, Action count, CancellationToken cancel)
    {
        HostStateDirectory.Create(host.Paths);
        var sidecar = host.Sidecar.Restorer(host.Units);
        var work = sidecar.RestoreAsync(
            before,
            planFor,
            result =>
            {
                count();
                // A remaining user account does not fail the restore.
                if (result is { Step: RemoveAccount, Reason: { } reason })
                    host.Progress.Warn($"{result.Step}: {reason}");
                else
                    host.Progress.Steps([result]);
            },
            cancel);
        await host.Progress.WhileAsync(() => sidecar.Doing, work, host.Time);
        var outcome = await work;
        if (outcome.Blocked is { } blocked)
            host.Progress.Failed(blocked);
        foreach (var unreadable in outcome.Failures.Where(failure => failure.Reason == StepFailureReason.NotSeen))
            host.Progress.Failed(unreadable.Message);
        // A version that is no longer available does not fail the restore: the installed version stays, as its step reported.
        return outcome.Blocked is null && outcome.Failures.All(
            failure => failure is { Part: ReconcilePart.Package, Reason: StepFailureReason.NotOffered }
            or { Reason: StepFailureReason.UserLeft });
    }
}
