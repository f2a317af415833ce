using SmmDashboard.Groups;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Composes the configuration of every WorkloadGroup out of a snapshot of objects.</summary>
/// <remarks>Pure: the bytes of a group depend on the objects alone, not on their order, the time or the replica.</remarks>
public static class MeshComposer
{
    /// <param name="before">The last result: where something is wrong its good configurations stay.</param>
    public static ComposedMesh Compose(ClusterObjects objects, MeshOptions options, ComposedMesh before)
    {
        var faults = new List<ObjectFault>();
        var planes = new ControlPlaneReader(objects, options).Read(faults);
        var resolver = new RevisionResolver(objects, options, planes, faults);
        var composer = new GroupComposer(objects, options, resolver);

        var groups = new Dictionary<GroupId, ComposedGroup>();
        foreach (var group in objects.WorkloadGroups)
        {
            var id = new GroupId(group.Metadata.Namespace, group.Metadata.Name);
            groups[id] = composer.Compose(group, before.Groups.GetValueOrDefault(id));
        }

        faults.AddRange(planes.SelectMany(plane => plane.Faults));
        return new(groups, planes, [.. faults.Distinct()]) { Tags = resolver.Tags };
    }
}
