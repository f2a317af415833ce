namespace SmmAgent.Host;

internal enum ProgressKind
{
    /// <summary>A step of a plan.</summary>
    Step,
    Done,
    Warning,
    Failure,
}

/// <summary>One line of the progress of a command, for programs.</summary>
/// <param name="Part">The part of the host that a step changes.</param>
internal sealed record ProgressLine(ProgressKind Kind, string Part, string Text)
{
    public const string Agent = "agent";
    public const string Firewall = "firewall";
    public const string Sidecar = "sidecar";
}
