using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Tests.Host.Fakes;

/// <summary>A firewall in memory: tests set the answers.</summary>
internal sealed class FakeFirewall(HostRecord record) : IFirewallReconciler
{
    private static readonly ObservedFirewall Empty = new([], new FirewalldObservation.NotRunning());

    public ObservedFirewall Observed { get; set; } = Empty;

    public IReadOnlyList<StepResult> Applied { get; set; } = [];

    public string? Blocked { get; set; }

    public Plan Planned { get; set; } = Plan.Nothing;

    /// <summary>The steps that each restore leaves, one restore after the other; then none.</summary>
    public Queue<FirewallReport> Restores { get; } = new();

    public FirewallSnapshot? RestoredTo { get; private set; }

    public FirewallRemoval Removal { get; set; } = new([], null);

    public (Plan Plan, string? UnknownReason) RemovalPlan { get; set; } = (Plan.Nothing, null);

    public StepOwner? Owner { get; private set; }

    public DesiredFirewall? Desired { get; private set; }

    public Task<FirewallReport> DryRunAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null)
    {
        record.Add("firewall dry run");
        Owner = owner;
        return Task.FromResult(new FirewallReport([], Observed, Planned));
    }

    public Task<FirewallReport> ApplyAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null)
    {
        record.Add("firewall apply");
        (Owner, Desired) = (owner, desired);
        return Task.FromResult(new FirewallReport(Applied, Observed, Plan.Nothing) { NotAttemptedReason = Blocked });
    }

    public Task<FirewallReport> RestoreAsync(FirewallSnapshot before, CancellationToken cancel)
    {
        record.Add("firewall restore");
        RestoredTo = before;
        return Task.FromResult(Restores.TryDequeue(out var report) ? report : new FirewallReport([], Observed, Plan.Nothing));
    }

    public Task<ObservedFirewall> ObserveAsync(CancellationToken cancel)
    {
        record.Add("firewall observe");
        return Task.FromResult(Observed);
    }

    public Task<(Plan Plan, string? UnknownReason)> PlanRemovalAsync(CancellationToken cancel)
    {
        record.Add("firewall plan removal");
        return Task.FromResult(RemovalPlan);
    }

    public Task<FirewallRemoval> RemoveAsync(CancellationToken cancel)
    {
        record.Add("firewall remove");
        return Task.FromResult(Removal);
    }
}
