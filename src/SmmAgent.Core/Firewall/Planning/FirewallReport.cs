using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>What one pass over the firewall found and did.</summary>
/// <param name="Results">What was done; empty when nothing differed, or nothing was to be changed.</param>
/// <param name="Observed">What is there afterwards.</param>
/// <param name="Remaining">What is still to be done.</param>
public sealed record FirewallReport(IReadOnlyList<StepResult> Results, ObservedFirewall Observed, Plan Remaining)
{
    /// <summary>The steps that were done.</summary>
    public IEnumerable<PlanStep> Done => Results.Where(result => result.Outcome == StepOutcome.Done).Select(result => result.Step);

    /// <summary>Why nothing could be done at all, for example because another smm-agent is at work.</summary>
    public string? NotAttemptedReason { get; init; }
}
