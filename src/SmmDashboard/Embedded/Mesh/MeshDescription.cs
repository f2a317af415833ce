using System.Net;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>A valid mesh description.</summary>
public sealed record MeshDescription
{
    public required MeshSettings Settings { get; init; }

    /// <summary>The pod and service ranges of the cluster, to which no dial-back may connect.</summary>
    public required IReadOnlyList<IPNetwork> ClusterRanges { get; init; }

    public required IReadOnlyDictionary<GroupId, ServedGroup> Groups { get; init; }

    /// <summary>The SHA-256 of the bearer tokens that open a group.</summary>
    public required IReadOnlyDictionary<GroupId, IReadOnlyList<byte[]>> TokenSha256s { get; init; }

    /// <summary>What the groups were read from, so that the next reading keeps those that did not change.</summary>
    public GroupSources Sources { get; init; } = GroupSources.None;

    /// <summary>The label of the WorkloadEntries that the mesh's control plane sees.</summary>
    public string RevisionLabel => Groups.Values.FirstOrDefault()?.Config.Mesh.RevisionLabel() ?? SmmAgent.Contract.Mesh.DefaultRevision;

    /// <summary>Warnings about suspicious values that do not make the file invalid.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
