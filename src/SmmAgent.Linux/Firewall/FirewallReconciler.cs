using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Firewall;

/// <summary>One pass over the host's firewall: observe, plan, apply, observe. The daemon and the commands do the same one.</summary>
/// <param name="isRoot">Whether root's steps are done too.</param>
public sealed class FirewallReconciler(HostFirewall host, FirewalldPort firewalld, AgentLock agentLock, bool isRoot)
{
    private readonly IneffectiveSteps _futile = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();

    // Somebody may change the table between the look and the transaction, which then fails as a whole.
    private const int Tries = 3;

    /// <summary>Whether the kernel tells of changes, so that a slow poll suffices.</summary>
    public bool HasKernelEvents => host.HasKernelEvents;

    /// <summary>Only looks: what is there, and what would be done.</summary>
    /// <param name="owner">Whose steps; null means everyone's.</param>
    public Task<FirewallReport> DryRunAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null) =>
        DryRunAsync(observed => PlanFor(desired, observed, owner), cancel);

    /// <summary>Makes the firewall what it should be, under the lock.</summary>
    /// <param name="owner">Whose steps are done; null means everyone's.</param>
    public Task<FirewallReport> ApplyAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null) =>
        ApplyAsync(observed => PlanFor(desired, observed, owner), cancel);

    /// <summary>Brings back what was the agent's at an earlier time, under the lock.</summary>
    public Task<FirewallReport> RestoreAsync(FirewallSnapshot before, CancellationToken cancel) =>
        ApplyAsync(observed => FirewallPlanner.Restore(before, host.WithOrigins(observed)), cancel);

    private static Plan PlanFor(DesiredFirewall desired, ObservedFirewall observed, StepOwner? owner) =>
        FirewallPlanner.Plan(desired, observed) is var plan && owner is { } only ? plan.OwnedBy(only) : plan;

    private async Task<FirewallReport> DryRunAsync(Func<ObservedFirewall, Plan> planFor, CancellationToken cancel)
    {
        var observed = await host.WithOthersAsync(await ObserveAsync(cancel), cancel);
        return new([], observed, planFor(observed));
    }

    private async Task<FirewallReport> ApplyAsync(Func<ObservedFirewall, Plan> planFor, CancellationToken cancel)
    {
        var (held, why) = await agentLock.AcquireAsync(AgentLock.DefaultTimeout, cancel);
        if (held is null)
        {
            var looked = await DryRunAsync(planFor, cancel);
            return looked.Remaining.IsEmpty ? looked : looked with { NotAttemptedReason = why };
        }

        using (held)
        {
            var observed = await ObserveAsync(cancel);
            var plan = planFor(observed);
            List<StepResult> done = [];
            List<StepResult> failed = [];
            var now = TimeProvider.System.GetElapsedTime(_start);
            for (var attempt = 0; attempt < Tries && !plan.IsEmpty; attempt++)
            {
                var stopped = plan.Steps.Where(step => _futile.IsSuspended(step, now)).ToList();
                var results = await DoAsync(new([.. plan.Steps.Except(stopped)]), cancel);
                done.AddRange(results.Where(result => result.Outcome == StepOutcome.Done));
                failed = [.. results.Where(result => result.Outcome != StepOutcome.Done), .. stopped.Select(NoEffect)];
                if (results.Count == 0)
                    break;

                observed = await ObserveAsync(cancel);
                plan = planFor(observed);
                if (failed.All(result => result.Outcome != StepOutcome.Failed))
                    break;
            }

            _futile.Record(done.Select(result => result.Step), plan, now);
            return new([.. done, .. plan.IsEmpty ? [] : failed], await host.WithOthersAsync(observed, cancel), plan);
        }
    }

    private static StepResult NoEffect(PlanStep step) => new(
        step,
        StepOutcome.NoEffect,
        $"'{step}' was done {IneffectiveSteps.MaximumAttempts} times and nothing of it is to be seen, so it is left for {IneffectiveSteps.Pause.TotalMinutes:0} minutes: "
        + "either another program removes it at once (find it with nft monitor), or the table is changed by a tool that iptables cannot show");

    /// <summary>What <see cref="RemoveAsync"/> would do.</summary>
    /// <returns>The plan; and what could not be seen, so that something of the agent's may be left there: null when all was.</returns>
    public async Task<(Plan Plan, string? Unseen)> PlanRemovalAsync(CancellationToken cancel)
    {
        var zones = isRoot ? await firewalld.ObserveAsync(cancel) : new FirewalldObservation.NotRunning();
        var (chains, unseen) = await PlanChainRemovalAsync(cancel);
        return (new([.. chains.Steps, .. FirewallPlanner.CloseFirewalld(zones)]), unseen ?? (zones as FirewalldObservation.NotSeen)?.Reason);
    }

    private async Task<(Plan Plan, string? Unseen)> PlanChainRemovalAsync(CancellationToken cancel)
    {
        var observed = await host.WithOthersAsync(new(await host.ObserveOwnAsync(cancel), new FirewalldObservation.NotRunning()), cancel);
        var unseen = observed.Filters.Concat(observed.OtherBackend).FirstOrDefault(filter => filter.State.UnknownReason is not null);
        return (
            FirewallPlanner.Remove(host.WithOrigins(observed)),
            unseen is null ? null : $"{unseen.Tool} cannot be seen: {unseen.State.UnknownReason}");
    }

    /// <summary>Removes all that is the agent's: chain and jump of both families and backends, and as root what is in firewalld.</summary>
    /// <returns>What was done and what failed; and what was withdrawn from firewalld.</returns>
    public async Task<FirewallRemoval> RemoveAsync(CancellationToken cancel)
    {
        var (held, why) = await agentLock.AcquireAsync(AgentLock.DefaultTimeout, cancel);
        if (held is null)
            return new([], [], why);

        using (held)
        {
            var (plan, unseen) = await PlanChainRemovalAsync(cancel);
            var results = await DoAsync(plan, cancel);
            if (!isRoot)
                return new(results, [], unseen);

            try
            {
                return new(results, await firewalld.WithdrawAsync(cancel), unseen);
            }
            catch (IOException exception)
            {
                return new(results, [], exception.Message);
            }
        }
    }

    /// <summary>Looks at what the agent changes.</summary>
    public async Task<ObservedFirewall> ObserveAsync(CancellationToken cancel)
    {
        var zones = firewalld.ObserveAsync(cancel);
        return new(await host.ObserveOwnAsync(cancel), await zones);
    }

    // Steps do not depend on each other: one that fails keeps none of the others.
    private async Task<IReadOnlyList<StepResult>> DoAsync(Plan plan, CancellationToken cancel) =>
        await Task.WhenAll(
            plan.Steps.Select(step => step switch
            {
                OpenInFirewalld open => SettleAsync(step, open.Zone, open.Ports, open.Sources, cancel),
                CloseInFirewalld close => SettleAsync(step, close.Zone, close.Ports, close.Sources, cancel),
                _ => host.ApplyAsync(step, cancel),
            }));

    private async Task<StepResult> SettleAsync(
        PlanStep step, string zone, IReadOnlyList<int> ports, IReadOnlyList<string> sources, CancellationToken cancel)
    {
        if (!isRoot)
            return new(step, StepOutcome.LeftToPrivilegedReconcile);

        try
        {
            await firewalld.OpenAsync(zone, ports, sources, cancel);
            return new(step, StepOutcome.Done);
        }
        catch (IOException exception)
        {
            return new(step, StepOutcome.Failed, exception.Message);
        }
    }
}

/// <summary>What a removal did.</summary>
/// <param name="Firewalld">What was withdrawn from firewalld, one line each.</param>
/// <param name="NotAttemptedReason">Why something could not be tried; null when all was.</param>
public sealed record FirewallRemoval(IReadOnlyList<StepResult> Results, IReadOnlyList<string> Firewalld, string? NotAttemptedReason);
