using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>The report of one reconcile of the firewall.</summary>
/// <param name="Results">The executed steps; empty without drift, or in a dry run.</param>
/// <param name="Observed">The state afterwards.</param>
/// <param name="Remaining">The steps that remain.</param>
public sealed record FirewallReport(IReadOnlyList<StepResult> Results, ObservedFirewall Observed, Plan Remaining)
{
    /// <summary>The successful steps.</summary>
    public IEnumerable<PlanStep> Done => Results.Where(result => result.Outcome == StepOutcome.Done).Select(result => result.Step);

    /// <summary>The reason why no step was tried, for example because another smm-agent holds the lock; else null.</summary>
    public string? NotAttemptedReason { get; init; }
}
