using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Mesh;

/// <summary>How the cluster sees the VM: dial-back and registration, as the dashboard told.</summary>
/// <param name="Reached">Port to whether the cluster reached it; a port that was not dialled is absent.</param>
public sealed record ClusterViewState(
    IReadOnlyDictionary<int, bool> Reached, ConditionUpdate ReachableFromCluster, ConditionUpdate Registered, ConditionUpdate Healthy)
{
    /// <summary>The WorkloadGroup that was asked for, such as <c>vm-integration/analytics-v0</c>; null while none is.</summary>
    public string? Group { get; init; }

    /// <summary>When the dashboard last took a report; null before the first. It is refreshed without waking anybody.</summary>
    public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>
    /// When the dashboard last answered whether the VM is registered; null before. It is refreshed without waking anybody.
    /// </summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    public static ClusterViewState Initial { get; } = new(
        new Dictionary<int, bool>(),
        ConditionUpdate.NotObserved(ConditionType.ReachableFromCluster),
        ConditionUpdate.NotObserved(ConditionType.Registered),
        ConditionUpdate.NotObserved(ConditionType.Healthy));
}
