using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>One port that the cluster must reach.</summary>
/// <param name="Name">The port's name in the WorkloadGroup, or <c>agent</c>, <c>sidecar-metrics</c>.</param>
/// <param name="Open">Whether the host's firewall lets it in; null when that cannot be seen.</param>
public sealed record PortState(int Port, string Name, bool? Open);

/// <summary>What the host's firewall lets in.</summary>
public sealed record PortsState(IReadOnlyList<PortState> Ports, ConditionUpdate PortsOpen)
{
    /// <summary>What the firewall drops of the VM's own connections; nothing where it cannot be seen or judged.</summary>
    public IReadOnlyList<OwnTrafficBlocker> OwnTraffic { get; init; } = [];

    /// <summary>Whether root was asked for the first time and has not answered yet.</summary>
    public bool IsFirstReconcilePending { get; init; }

    public static PortsState Initial { get; } = new([], ConditionUpdate.NotObserved(ConditionType.PortsOpen));
}
