namespace SmmAgent.Core.Planning;

public enum StepOutcome
{
    Done,

    /// <summary>Another program holds the xtables lock or the agent's lock: retry later.</summary>
    LockHeld,
    NotPermitted,
    Failed,

    /// <summary>The step was done twice without a visible effect, so it is suspended.</summary>
    NoEffect,

    /// <summary>Only the privileged reconcile executes the step.</summary>
    LeftToPrivilegedReconcile,
}

/// <param name="Reason">One line; null when the step is done.</param>
public sealed record StepResult(PlanStep Step, StepOutcome Outcome, string? Reason = null);
