using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>A snapshot of all objects that mesh configurations are made of. The order of objects has no effect.</summary>
/// <remarks>A kind that the cluster does not serve, or that may not be read, is an empty list.</remarks>
public sealed record ClusterObjects
{
    public IReadOnlyList<Namespace> Namespaces { get; init; } = [];

    public IReadOnlyList<ConfigMap> ConfigMaps { get; init; } = [];

    public IReadOnlyList<Service> Services { get; init; } = [];

    public IReadOnlyList<EndpointSlice> EndpointSlices { get; init; } = [];

    public IReadOnlyList<Deployment> Deployments { get; init; } = [];

    public IReadOnlyList<WebhookConfiguration> MutatingWebhooks { get; init; } = [];

    public IReadOnlyList<WebhookConfiguration> ValidatingWebhooks { get; init; } = [];

    public IReadOnlyList<WorkloadGroupObject> WorkloadGroups { get; init; } = [];

    public IReadOnlyList<IstioControlPlane> IstioControlPlanes { get; init; } = [];

    public IReadOnlyList<PeerIstioControlPlane> PeerIstioControlPlanes { get; init; } = [];

    public IReadOnlyList<ApiGateway> ApiGateways { get; init; } = [];

    public IReadOnlyList<ClusterTrustBundle> ClusterTrustBundles { get; init; } = [];
}

/// <summary>Settings that Kubernetes does not have, and the namespaces to read.</summary>
public sealed record MeshOptions
{
    /// <summary>The namespaces of control planes. Of two control planes of the same revision the first namespace's counts.</summary>
    public IReadOnlyList<string> IstioNamespaces { get; init; } = ["istio-system"];

    /// <summary>The Services that are gateways; empty finds them.</summary>
    public IReadOnlyList<(string Namespace, string Name)> Gateways { get; init; } = [];

    /// <summary>The revision or tag of namespaces without the label istio.io/rev; null finds it.</summary>
    public string? DefaultRevision { get; init; }

    /// <summary>CIDRs that the cluster's traffic comes from; empty means any.</summary>
    public IReadOnlyList<string> ClusterSources { get; init; } = [];

    /// <summary>Packages that VMs may install.</summary>
    public IReadOnlyList<SmmAgent.Contract.Package> Packages { get; init; } = [];
}
