using SmmDashboard.Admin.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The mesh of the mesh description, for people.</summary>
public sealed class DescribedMeshView(CurrentMeshDescription description, MeshWatcher watcher, MeshFile file) : IMeshView
{
    // All groups of the file have the same mesh.
    public IReadOnlyList<ControlPlaneView> ControlPlanes => description.Mesh.Groups.Values.FirstOrDefault()?.Config is not { } config ? []
        :
        [
            new ControlPlaneView
            {
                Revision = config.Mesh.RevisionLabel(), Namespace = config.Mesh.IstioNamespace, Version = config.Mesh.IstioVersion,
                MeshId = config.Mesh.MeshId, ClusterId = config.Mesh.ClusterId, TrustDomain = config.Mesh.TrustDomain,
                Network = config.Mesh.Network, Status = config.Mesh.Status ?? "", Gateways = config.MeshExpansionGateways,
            },
        ];

    public IReadOnlyList<MeshFaultView> Faults =>
    [
        .. watcher.Faults.Select(fault => new MeshFaultView(file.Path, $"{fault} (the last valid version is in effect)")),
        .. description.Mesh.Warnings.Select(warning => new MeshFaultView(file.Path, warning)),
    ];

    public string? TokenCommand(ServiceAccount account) => null;
}
