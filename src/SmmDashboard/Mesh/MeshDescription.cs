using System.Net;

namespace SmmDashboard.Mesh;

/// <summary>The mesh description file, read and found good.</summary>
public sealed record MeshDescription
{
    /// <summary>The dashboard's own URL as VMs see it, without a slash at its end.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>Agents older than this are told to upgrade; null accepts every agent.</summary>
    public required Version? MinimumAgentVersion { get; init; }

    /// <summary>The cluster's own pod and service ranges: no dial-back goes there.</summary>
    public required IReadOnlyList<IPNetwork> ClusterRanges { get; init; }

    public required IReadOnlyDictionary<GroupName, ServedGroup> Groups { get; init; }

    /// <summary>What is odd, but no reason to refuse the file.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
