using System.Net;
using SmmDashboard.Registration;

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

    /// <summary>The labels of control planes that run beside the mesh's own, and remove entries of theirs as usual.</summary>
    public IReadOnlyList<string> OtherRevisions { get; init; } = [];

    /// <summary>The label of the WorkloadEntries that the mesh's control plane sees.</summary>
    public string RevisionLabel => Groups.Values.FirstOrDefault()?.Config.Mesh.RevisionLabel() ?? SmmAgent.Contract.Mesh.DefaultRevision;

    /// <summary>Whether some control plane sees the entry.</summary>
    public bool IsServed(WorkloadEntry entry) => entry.IsSeenBy(RevisionLabel) || OtherRevisions.Contains(entry.Revision);

    /// <summary>What is odd, but no reason to refuse the file.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
