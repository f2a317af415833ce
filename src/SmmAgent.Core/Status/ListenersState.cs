namespace SmmAgent.Core.Status;

/// <summary>One of the agent's own TCP ports.</summary>
/// <param name="Name"><c>agent</c> or <c>sidecar-metrics</c>.</param>
/// <param name="Error">The reason why it does not listen, and the action to take; null while it listens.</param>
public sealed record ListenerState(int Port, string Name, string? Error);

/// <summary>
/// Whether the agent's own ports listen. A port that is open in the firewall is useless if another program listens on it.
/// </summary>
public sealed record ListenersState(IReadOnlyList<ListenerState> Listeners)
{
    public static ListenersState Initial { get; } = new([]);
}
