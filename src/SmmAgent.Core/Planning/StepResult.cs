namespace SmmAgent.Core.Planning;

public enum StepOutcome
{
    Done,

    /// <summary>Another program holds the xtables lock, or the agent's own: try again later.</summary>
    LockHeld,
    NotPermitted,
    Failed,

    /// <summary>It was done twice and changed nothing that can be seen, so it is not done again for now.</summary>
    NoEffect,

    /// <summary>It is another's part.</summary>
    LeftToPrivilegedReconcile,
}

/// <param name="Reason">One line; null when it is done.</param>
public sealed record StepResult(PlanStep Step, StepOutcome Outcome, string? Reason = null);
