using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Linux.Firewall;

/// <summary>The firewall of the host, as the commands use it. Tests of the commands replace it.</summary>
public interface IFirewallReconciler
{
    /// <inheritdoc cref="FirewallReconciler.DryRunAsync(DesiredFirewall, CancellationToken, StepOwner?)"/>
    Task<FirewallReport> DryRunAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null);

    /// <inheritdoc cref="FirewallReconciler.ApplyAsync(DesiredFirewall, CancellationToken, StepOwner?)"/>
    Task<FirewallReport> ApplyAsync(DesiredFirewall desired, CancellationToken cancel, StepOwner? owner = null);

    /// <inheritdoc cref="FirewallReconciler.RestoreAsync"/>
    Task<FirewallReport> RestoreAsync(FirewallSnapshot before, CancellationToken cancel);

    /// <inheritdoc cref="FirewallReconciler.ObserveAsync"/>
    Task<ObservedFirewall> ObserveAsync(CancellationToken cancel);

    /// <inheritdoc cref="FirewallReconciler.PlanRemovalAsync"/>
    Task<(Plan Plan, string? UnknownReason)> PlanRemovalAsync(CancellationToken cancel);

    /// <inheritdoc cref="FirewallReconciler.RemoveAsync"/>
    Task<FirewallRemoval> RemoveAsync(CancellationToken cancel);
}
