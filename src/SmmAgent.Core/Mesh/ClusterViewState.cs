using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Mesh;

/// <summary>The cluster's view of the VM: dial-back and registration, as reported by the dashboard.</summary>
/// <param name="Reached">Whether the cluster reached each port; a port that was not dialled is absent.</param>
public sealed record ClusterViewState(
    IReadOnlyDictionary<int, bool> Reached, ConditionUpdate ReachableFromCluster, ConditionUpdate Registered, ConditionUpdate Healthy)
{
    /// <summary>The WorkloadGroup of the request, such as <c>vm-integration/analytics-v0</c>; null before the first request.</summary>
    public string? Group { get; init; }

    /// <summary>When the dashboard last accepted a report; null before the first. A refresh does not notify readers.</summary>
    public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>
    /// When the dashboard last reported the registration; null before. A refresh does not notify readers.
    /// </summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    public static ClusterViewState Initial { get; } = new(
        new Dictionary<int, bool>(),
        ConditionUpdate.NotObserved(ConditionType.ReachableFromCluster),
        ConditionUpdate.NotObserved(ConditionType.Registered),
        ConditionUpdate.NotObserved(ConditionType.Healthy));
}
