using SmmDashboard.Groups;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>The configurations of all WorkloadGroups, and what is wrong.</summary>
/// <param name="Groups">Every WorkloadGroup of the cluster, also those that cannot be served.</param>
/// <param name="ControlPlanes">In order of their labels.</param>
/// <param name="Faults">The faults that do not belong to a single group.</param>
public sealed record ComposedMesh(
    IReadOnlyDictionary<GroupId, ComposedGroup> Groups, IReadOnlyList<ControlPlane> ControlPlanes, IReadOnlyList<ObjectFault> Faults)
{
    /// <summary>Revision tags, and the revisions or tags that they stand for.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public static ComposedMesh Empty { get; } = new(new Dictionary<GroupId, ComposedGroup>(), [], []);
}

/// <summary>One WorkloadGroup.</summary>
/// <param name="Served">
/// The served configuration: the same instance as before while its bytes are the same. Null for a group that was never valid.
/// </param>
/// <param name="ServiceAccount">The account whose tokens open the group.</param>
/// <param name="Plane">Its control plane; null when its revision is not known.</param>
/// <param name="Faults">The faults; with a blocking fault <paramref name="Served"/> is the last good configuration.</param>
/// <param name="Digest">The digest of the document behind <paramref name="Served"/>, to detect changes.</param>
public sealed record ComposedGroup(
    GroupId Id, ServedGroup? Served, string ServiceAccount, ControlPlane? Plane, IReadOnlyList<ObjectFault> Faults, string Digest)
{
    /// <summary>Whether <see cref="Served"/> corresponds to the current objects.</summary>
    public bool IsCurrent => Served is not null && !Faults.Any(fault => fault.Blocks);
}
