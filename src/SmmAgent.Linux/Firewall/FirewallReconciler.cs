using System.Net;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Firewall;

/// <summary>Reconciles the firewall of the host: observe, plan, apply, observe. The daemon and the commands use the same code.</summary>
/// <param name="isRoot">Whether the steps that need root are executed.</param>
public sealed class FirewallReconciler(HostFirewall host, IFirewalld firewalld, AgentLock agentLock, bool isRoot) : IFirewallReconciler
{
    private readonly IneffectiveSteps _ineffective = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();

    // Another program may change the table between the observation and the transaction, which then fails as a whole.
    private const int Tries = 3;

    /// <summary>Whether the kernel reports changes, so that a slow poll suffices.</summary>
    public bool HasKernelEvents => host.HasKernelEvents;

    /// <summary>Observes and plans without a change.</summary>
    /// <param name="owner">The owner of the planned steps; null for all.</param>
    public Task<FirewallReport> DryRunAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null) =>
        DryRunAsync(observed => PlanFor(desired, observed, owner), cancel);

    /// <summary>Applies the desired state, under the lock.</summary>
    /// <param name="owner">The owner of the executed steps; null for all.</param>
    public Task<FirewallReport> ApplyAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null) =>
        ApplyAsync(observed => PlanFor(desired, observed, owner), cancel);

    /// <summary>Restores the agent's part of an earlier state, under the lock.</summary>
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
        var (held, reason) = await agentLock.AcquireAsync(AgentLock.DefaultTimeout, cancel);
        if (held is null)
        {
            var report = await DryRunAsync(planFor, cancel);
            return report.Remaining.IsEmpty ? report : report with { NotAttemptedReason = reason };
        }

        using (held)
        {
            var now = TimeProvider.System.GetElapsedTime(_start);
            var (observed, plan, attempted) = await FirstAttemptAsync(planFor, now, cancel);
            List<StepResult> done = [];
            List<StepResult> failed = [];
            for (var attempt = 1; !plan.IsEmpty; attempt++)
            {
                done.AddRange(attempted.Where(result => result.Outcome == StepOutcome.Done));
                failed = attempted.Where(result => result.Outcome != StepOutcome.Done).ToList();
                if (failed.Count(result => result.Outcome == StepOutcome.NoEffect) == attempted.Count)
                    break;

                observed = await ObserveAsync(cancel);
                plan = planFor(observed);
                if (attempt == Tries || failed.All(result => result.Outcome != StepOutcome.Failed))
                    break;
                attempted = await DoAsync(plan, now, cancel);
            }

            _ineffective.Record(done.Select(result => result.Step), plan, now);
            return new([.. done, .. plan.IsEmpty ? [] : failed], await host.WithOthersAsync(observed, cancel), plan);
        }
    }

    /// <summary>Observes, plans and changes each part of the firewall as soon as it was observed.</summary>
    /// <remarks>
    /// The parts do not depend on each other. With a thousand ports the observation of the other family would delay a repair by a fifth of
    /// its time.
    /// </remarks>
    private async Task<Attempt> FirstAttemptAsync(Func<ObservedFirewall, Plan> planFor, TimeSpan now, CancellationToken cancel)
    {
        var zones = ZonesAsync();
        var parts = await Task.WhenAll([.. host.ObserveOwn(cancel).Select(FilterAsync), zones]);
        return new(
            new(parts.SelectMany(part => part.Observed.Filters).ToArray(), (await zones).Observed.Firewalld),
            new(parts.SelectMany(part => part.Plan.Steps).ToArray()),
            parts.SelectMany(part => part.Results).ToArray());

        async Task<Attempt> FilterAsync(Task<ObservedFilter> filter) =>
            await PartAsync(new([await filter], new FirewalldObservation.NotRunning()));

        async Task<Attempt> ZonesAsync() => await PartAsync(new([], await firewalld.ObserveAsync(cancel)));

        async Task<Attempt> PartAsync(ObservedFirewall part)
        {
            var plan = planFor(part);
            return new(part, plan, await DoAsync(plan, now, cancel));
        }
    }

    private sealed record Attempt(ObservedFirewall Observed, Plan Plan, IReadOnlyList<StepResult> Results);

    // A step that has no effect is not repeated for a while.
    private async Task<IReadOnlyList<StepResult>> DoAsync(Plan plan, TimeSpan now, CancellationToken cancel)
    {
        var suspended = plan.Steps.Where(step => _ineffective.IsSuspended(step, now)).ToList();
        return [.. await DoAsync(new(plan.Steps.Except(suspended).ToArray()), cancel), .. suspended.Select(NoEffect)];
    }

    private static StepResult NoEffect(PlanStep step) => new(
        step,
        StepOutcome.NoEffect,
        $"'{step}' was done {IneffectiveSteps.MaximumAttempts} times without a visible effect, "
        + $"so it is suspended for {IneffectiveSteps.Pause.TotalMinutes:0} minutes: either another program reverts it at once "
        + "(find it with nft monitor), or the table is changed by a tool that iptables cannot show");

    /// <summary>Plans the removal that <see cref="RemoveAsync"/> executes.</summary>
    /// <returns>The plan; and what cannot be observed, so that something of the agent may remain there: null when all can be.</returns>
    public async Task<(Plan Plan, string? UnknownReason)> PlanRemovalAsync(CancellationToken cancel)
    {
        var zones = isRoot ? await firewalld.ObserveOwnRulesAsync(cancel) : new FirewalldObservation.NotRunning();
        var observed = await host.WithOthersAsync(new(await host.ObserveOwnAsync(cancel), zones), cancel);
        var unknown = observed.Filters.Concat(observed.OtherBackend).FirstOrDefault(filter => filter.State.UnknownReason is not null);
        return (
            FirewallPlanner.Remove(host.WithOrigins(observed)),
            unknown is null
                ? UnknownReason(zones)
                : $"{unknown.Tool} cannot be read: {unknown.State.UnknownReason}");
    }

    private static string? UnknownReason(FirewalldObservation firewalld) => firewalld switch
    {
        FirewalldObservation.NotSeen unknown => unknown.Reason,
        FirewalldObservation.Seen seen => seen.State.IncompleteReason,
        _ => null,
    };

    /// <summary>Removes the chains and jumps of the agent in both families and backends, and as root its rules in firewalld.</summary>
    public async Task<FirewallRemoval> RemoveAsync(CancellationToken cancel)
    {
        var (held, reason) = await agentLock.AcquireAsync(AgentLock.DefaultTimeout, cancel);
        if (held is null)
            return new([], reason);

        using (held)
        {
            var (plan, unknown) = await PlanRemovalAsync(cancel);
            return new(await DoAsync(plan, cancel), unknown);
        }
    }

    /// <summary>Observes the parts of the firewall that the agent changes.</summary>
    public async Task<ObservedFirewall> ObserveAsync(CancellationToken cancel)
    {
        var zones = firewalld.ObserveAsync(cancel);
        return new(await host.ObserveOwnAsync(cancel), await zones);
    }

    // Steps do not depend on each other: a failed step does not prevent the others.
    private async Task<IReadOnlyList<StepResult>> DoAsync(Plan plan, CancellationToken cancel) =>
        await Task.WhenAll(
            plan.Steps.Select(step => step switch
            {
                OpenInFirewalld open => SetPortsAsync(step, open.Zone, open.Ports, open.Sources, cancel),
                CloseInFirewalld close => SetPortsAsync(step, close.Zone, close.Ports, close.Sources, cancel),
                _ => host.ApplyAsync(step, cancel),
            }));

    private async Task<StepResult> SetPortsAsync(
        PlanStep step, string zone, IReadOnlyList<int> ports, IReadOnlyList<IPNetwork> sources, CancellationToken cancel)
    {
        if (!isRoot)
            return new(step, StepOutcome.LeftToPrivilegedReconcile);

        try
        {
            await firewalld.SetPortsAsync(zone, ports, sources, cancel);
            return new(step, StepOutcome.Done);
        }
        catch (IOException exception)
        {
            return new(step, StepOutcome.Failed, exception.Message);
        }
    }
}

/// <summary>The outcome of a removal.</summary>
/// <param name="NotAttemptedReason">The reason why something could not be tried; null when all was.</param>
public sealed record FirewallRemoval(IReadOnlyList<StepResult> Results, string? NotAttemptedReason);
