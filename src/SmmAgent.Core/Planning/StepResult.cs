using SmmAgent.Core.Firewall;

namespace SmmAgent.Core.Planning;

public enum StepEnding
{
    Done,

    /// <summary>Another program holds the xtables lock, or the agent's own: try again later.</summary>
    LockHeld,
    NotPermitted,
    Failed,

    /// <summary>It was done twice and changed nothing that can be seen, so it is not done again for now.</summary>
    NoEffect,

    /// <summary>It is another's part.</summary>
    LeftToRoot,
}

/// <param name="Why">One line; null when it is done.</param>
public sealed record StepResult(PlanStep Step, StepEnding Ending, string? Why = null);

/// <summary>What one pass over the firewall found and did.</summary>
/// <param name="Results">What was done; empty when nothing differed, or nothing was to be changed.</param>
/// <param name="Observed">What is there afterwards.</param>
/// <param name="Remaining">What is still to be done.</param>
public sealed record FirewallReport(IReadOnlyList<StepResult> Results, ObservedFirewall Observed, Plan Remaining)
{
    /// <summary>The steps that were done.</summary>
    public IEnumerable<PlanStep> Done => Results.Where(result => result.Ending == StepEnding.Done).Select(result => result.Step);

    /// <summary>Why nothing could be done at all, for example because another smm-agent is at work.</summary>
    public string? Blocked { get; init; }
}
