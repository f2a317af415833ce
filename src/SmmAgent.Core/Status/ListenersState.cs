namespace SmmAgent.Core.Status;

/// <summary>One of the agent's own TCP ports.</summary>
/// <param name="Name"><c>agent</c> or <c>sidecar-metrics</c>.</param>
/// <param name="Error">Why it does not listen, with the cure; null while it does.</param>
public sealed record ListenerState(int Port, string Name, string? Error);

/// <summary>
/// Whether the agent's own ports listen: a port that is open in the firewall helps nobody when another program has taken it.
/// </summary>
public sealed record ListenersState(IReadOnlyList<ListenerState> Listeners)
{
    public static ListenersState Initial { get; } = new([]);
}
