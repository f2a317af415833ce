using System.Net;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The mesh description file, read and found good.</summary>
public sealed record MeshDescription
{
    public required MeshSettings Settings { get; init; }

    /// <summary>The cluster's own pod and service ranges: no dial-back goes there.</summary>
    public required IReadOnlyList<IPNetwork> ClusterRanges { get; init; }

    public required IReadOnlyDictionary<GroupId, ServedGroup> Groups { get; init; }

    /// <summary>The SHA-256 of the bearer tokens that open a group.</summary>
    public required IReadOnlyDictionary<GroupId, IReadOnlyList<byte[]>> TokenSha256s { get; init; }

    /// <summary>The label of the WorkloadEntries that the mesh's control plane sees.</summary>
    public string RevisionLabel => Groups.Values.FirstOrDefault()?.Config.Mesh.RevisionLabel() ?? SmmAgent.Contract.Mesh.DefaultRevision;

    /// <summary>What is odd, but no reason to refuse the file.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
