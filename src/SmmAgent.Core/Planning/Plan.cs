namespace SmmAgent.Core.Planning;

/// <summary>The owner of a step: the unprivileged daemon, or the privileged reconcile.</summary>
public enum StepOwner
{
    Daemon,
    Root,
}

/// <summary>One change of the host. Its text is one line: for the dry run, the log and the progress.</summary>
public abstract record PlanStep(StepOwner Owner);

/// <summary>The steps to execute, in this order.</summary>
public sealed record Plan(IReadOnlyList<PlanStep> Steps)
{
    public static Plan Nothing { get; } = new([]);

    /// <summary>The steps of one owner.</summary>
    public Plan OwnedBy(StepOwner owner) => new(Steps.Where(step => step.Owner == owner).ToArray());

    public bool IsEmpty => Steps.Count == 0;

    public override string ToString() => string.Join('\n', Steps);
}
