using SmmDashboard.Admin.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>The control planes and faults of the cluster, for people.</summary>
public sealed class ComposedMeshView(KubernetesMesh mesh, KubernetesOptions options) : IMeshView
{
    public IReadOnlyList<ControlPlaneView> ControlPlanes => [.. mesh.Composed.ControlPlanes.Select(Plane)];

    public IReadOnlyList<MeshFaultView> Faults
    {
        get
        {
            var composed = mesh.Composed;
            return
            [
                .. composed.Faults.Concat(composed.ControlPlanes.SelectMany(plane => plane.Faults)).Distinct()
                    .Select(fault => new MeshFaultView($"{fault.Source}", fault.Message)),
                .. composed.Groups.Values.SelectMany(
                    group => group.Faults.Select(fault => new MeshFaultView($"{fault.Source}", fault.Message, group.Id))),
            ];
        }
    }

    // The Secret exists for this VM only, so that its token can be revoked.
    public string? TokenCommand(ServiceAccount account) =>
        $"kubectl -n {account.Namespace} create secret generic vm1 && (umask 077; kubectl -n {account.Namespace} create token "
        + $"{account.Name} --audience {options.TokenAudience} --duration 24h --bound-object-kind Secret --bound-object-name vm1 "
        + "> bearer-token)";

    private ControlPlaneView Plane(ControlPlane plane) => new()
    {
        Revision = plane.Label, Namespace = plane.Namespace, Version = plane.Version, MeshId = plane.MeshId, ClusterId = plane.ClusterId,
        TrustDomain = plane.TrustDomain, Network = plane.Network,
        Status = plane.Status ?? plane.IsReady switch { true => "istiod is ready", false => "istiod is not ready", null => "" },
        Tags = [.. mesh.Composed.Tags.Where(tag => tag.Value == plane.Label).Select(tag => tag.Key).Order(StringComparer.Ordinal)],
        Gateways = [.. plane.Gateways.Select(gateway => gateway.Gateway)],
    };
}
