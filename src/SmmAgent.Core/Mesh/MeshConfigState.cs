using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Mesh;

/// <summary>The mesh configuration in force.</summary>
/// <param name="Config">The last valid configuration; null if this dashboard and WorkloadGroup never had one.</param>
/// <param name="CameOverVerifiedHttps">Whether it was received over https with a verified certificate.</param>
/// <param name="ConfigCurrent">Whether the configuration is the current one of the dashboard.</param>
public sealed record MeshConfigState(MeshConfig? Config, bool CameOverVerifiedHttps, ConditionUpdate ConfigCurrent)
{
    /// <summary>When the dashboard sent it; null while there is none.</summary>
    public DateTimeOffset? ReceivedAt { get; init; }

    public static MeshConfigState Initial { get; } = new(null, false, ConditionUpdate.NotObserved(ConditionType.ConfigCurrent));
}
