namespace SmmDashboard.Admin.Viewers;

/// <summary>A person or a program that reads the list of machines, and the namespaces that it may read.</summary>
/// <param name="Name">The name of the user; empty when no sign-in is required.</param>
/// <param name="MachineNamespaces">The namespaces with machines that it may read; null is all.</param>
/// <param name="GroupNamespaces">The namespaces with WorkloadGroups that it may read; null is all.</param>
public sealed record Viewer(string Name, IReadOnlySet<string>? MachineNamespaces, IReadOnlySet<string>? GroupNamespaces)
{
    /// <summary>A viewer that may read everything.</summary>
    public static Viewer Everything { get; } = new("", null, null);

    /// <summary>Whether it may read nothing at all.</summary>
    public bool SeesNothing => MachineNamespaces is { Count: 0 } && GroupNamespaces is { Count: 0 };

    public bool SeesMachines(string @namespace) => MachineNamespaces?.Contains(@namespace) != false;

    public bool SeesGroups(string @namespace) => GroupNamespaces?.Contains(@namespace) != false;

    /// <summary>Whether it may read a WorkloadGroup at all, so that the mesh is not a secret.</summary>
    public bool SeesMesh => GroupNamespaces is null or { Count: > 0 };

    /// <summary>Whether it may read the faults of objects that belong to no WorkloadGroup.</summary>
    public bool SeesWholeMesh => GroupNamespaces is null;
}
