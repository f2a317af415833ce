using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>One port that the cluster must reach.</summary>
/// <param name="Name">The port's name in the WorkloadGroup, or <c>agent</c>, <c>sidecar-metrics</c>.</param>
/// <param name="Open">Whether the host's firewall lets it in; null when that is unknown.</param>
public sealed record PortState(int Port, string Name, bool? Open);

/// <summary>The ports that the host's firewall lets in.</summary>
public sealed record PortsState(IReadOnlyList<PortState> Ports, ConditionUpdate PortsOpen)
{
    /// <summary>The VM's own connections that the firewall drops; empty where they cannot be evaluated.</summary>
    public IReadOnlyList<OwnTrafficBlocker> OwnTraffic { get; init; } = [];

    /// <summary>Whether the first privileged reconcile was requested and has not reported yet.</summary>
    public bool IsFirstReconcilePending { get; init; }

    public static PortsState Initial { get; } = new([], ConditionUpdate.NotObserved(ConditionType.PortsOpen));
}
