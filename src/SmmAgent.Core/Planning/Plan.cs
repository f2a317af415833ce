namespace SmmAgent.Core.Planning;

/// <summary>Who does a step: the unprivileged daemon, or root's oneshot.</summary>
public enum StepOwner
{
    Daemon,
    Root,
}

/// <summary>One thing to do on the host. Its one line of text is the dry run, the log line and the progress line.</summary>
public abstract record PlanStep(StepOwner Owner);

/// <summary>What is to be done, in this order.</summary>
public sealed record Plan(IReadOnlyList<PlanStep> Steps)
{
    public static Plan Nothing { get; } = new([]);

    /// <summary>The steps of one owner.</summary>
    public Plan OwnedBy(StepOwner owner) => new([.. Steps.Where(step => step.Owner == owner)]);

    public bool IsEmpty => Steps.Count == 0;

    public override string ToString() => string.Join('\n', Steps);
}
