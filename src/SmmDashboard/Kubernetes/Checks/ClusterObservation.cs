using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>The objects of the cluster, and the mesh that the dashboard composes from them.</summary>
internal sealed record ClusterObservation(
    ObjectLister Lister, ClusterObjects Objects, ComposedMesh Mesh, IReadOnlyList<WorkloadEntry> Entries,
    IReadOnlyList<IstioGateway> Gateways,
    IReadOnlyList<VirtualService> VirtualServices)
{
    public static readonly ApiResource IstioGateways = new("networking.istio.io", "gateways", ["v1", "v1beta1", "v1alpha3"]);
    public static readonly ApiResource IstioVirtualServices = new("networking.istio.io", "virtualservices", ["v1", "v1beta1", "v1alpha3"]);
    public static readonly ApiResource Machines = new("smm-agent.io", "attachedmachines", ["v1alpha1"]);

    // Not of the dashboard: only an administrator may list them.
    private static readonly ApiResource[] ForAdministrators = [IstioGateways, IstioVirtualServices];

    /// <summary>The kinds that the dashboard itself lists.</summary>
    public IEnumerable<ListedKind> KindsOfDashboard =>
        Lister.Kinds.Where(kind => !ForAdministrators.Any(other => other.Kind == kind.Resource.Kind));

    public static async Task<ClusterObservation> AtAsync(KubernetesApi api, MeshOptions options, CancellationToken cancellationToken)
    {
        var (lister, json) = (new ObjectLister(api), KubernetesJson.Default);
        var objects = new ClusterObjects
        {
            Namespaces = await lister.ListAsync(ClusterKinds.Namespaces, json.Namespace, cancellationToken),
            MutatingWebhooks = await lister.ListAsync(ClusterKinds.MutatingWebhooks, json.WebhookConfiguration, cancellationToken),
            ValidatingWebhooks = await lister.ListAsync(ClusterKinds.ValidatingWebhooks, json.WebhookConfiguration, cancellationToken),
            WorkloadGroups = await lister.ListAsync(ClusterKinds.WorkloadGroups, json.WorkloadGroupObject, cancellationToken),
            ClusterTrustBundles = await lister.ListAsync(ClusterKinds.TrustBundles, json.ClusterTrustBundle, cancellationToken),
        };
        foreach (var place in options.IstioNamespaces)
        {
            objects = objects with
            {
                ConfigMaps = [.. objects.ConfigMaps,
                    .. await lister.ListAsync(ClusterKinds.ConfigMaps with { Namespace = place }, json.ConfigMap, cancellationToken)],
                EndpointSlices = [.. objects.EndpointSlices,
                    .. await lister.ListAsync(
                        ClusterKinds.EndpointSlices with { Namespace = place }, json.EndpointSlice, cancellationToken)],
                Deployments = [.. objects.Deployments,
                    .. await lister.ListAsync(ClusterKinds.Deployments with { Namespace = place }, json.Deployment, cancellationToken)],
                IstioControlPlanes = [.. objects.IstioControlPlanes,
                    .. await lister.ListAsync(
                        ClusterKinds.IstioControlPlanes with { Namespace = place }, json.IstioControlPlane, cancellationToken)],
                PeerIstioControlPlanes =
                    [.. objects.PeerIstioControlPlanes,
                        .. await lister.ListAsync(
                            ClusterKinds.PeerIstioControlPlanes with { Namespace = place }, json.PeerIstioControlPlane, cancellationToken)],
                ApiGateways = [.. objects.ApiGateways,
                    .. await lister.ListAsync(ClusterKinds.ApiGateways with { Namespace = place }, json.ApiGateway, cancellationToken)],
            };
        }

        foreach (var place in options.IstioNamespaces.Concat(options.Gateways.Select(gateway => gateway.Namespace))
            .Distinct(StringComparer.Ordinal))
            objects =
                objects with
                {
                    Services =
                    [.. objects.Services, .. await lister.ListAsync(
                        ClusterKinds.Services with { Namespace = place }, json.Service, cancellationToken)]
                };

        // The names of the root certificates are known once the control planes are.
        var planes = MeshComposer.Compose(objects, options, ComposedMesh.Empty).ControlPlanes;
        foreach (var name in planes.Select(plane => plane.RootCertificateName).Append(IstioNames.RootCertificate)
            .Distinct(StringComparer.Ordinal))
        {
            var certificates = await lister.ListAsync(
                ClusterKinds.ConfigMaps with { FieldSelector = $"metadata.name={name}" }, json.ConfigMap, cancellationToken);
            objects = objects with
            {
                ConfigMaps =
                [.. objects.ConfigMaps.Concat(certificates).DistinctBy(map => (map.Metadata.Namespace, map.Metadata.Name))]
            };
        }

        await lister.ListAsync(ClusterKinds.ServiceCidrs, json.ServiceCidr, cancellationToken);
        return new(
            lister, objects, MeshComposer.Compose(objects, options, ComposedMesh.Empty),
            await lister.ListAsync(ClusterKinds.WorkloadEntries, json.WorkloadEntry, cancellationToken),
            await lister.ListAsync(IstioGateways, json.IstioGateway, cancellationToken),
            await lister.ListAsync(IstioVirtualServices, json.VirtualService, cancellationToken));
    }
}
