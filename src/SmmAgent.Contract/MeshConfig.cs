using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>The configuration for the VMs of one WorkloadGroup: the response to <c>GET GROUP/mesh-config</c>.</summary>
/// <remarks>
/// Created by <see cref="MeshConfigReader"/>, which accepts only a configuration that satisfies all rules of the contract.
/// </remarks>
public sealed record MeshConfig
{
    /// <summary>The version of this contract that the configuration is written in.</summary>
    public const string CurrentApiVersion = "smm/v1";

    /// <summary>The largest configuration that a reader accepts, in bytes (1 MiB).</summary>
    public const int MaximumBytes = 1024 * 1024;

    /// <summary>The maximum number of <see cref="Problems"/>.</summary>
    public const int MaximumProblems = 10;

    /// <summary>The maximum length of each of the <see cref="Problems"/>, in characters.</summary>
    public const int MaximumProblemLength = 500;

    /// <summary>The version of the contract; the major version is 1.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The mesh and its control plane.</summary>
    public required Mesh Mesh { get; init; }

    /// <summary>The WorkloadGroup that the VM becomes a member of.</summary>
    public required WorkloadGroup WorkloadGroup { get; init; }

    /// <summary>The meshexpansion gateways; empty when the mesh has none.</summary>
    public required IReadOnlyList<MeshExpansionGateway> MeshExpansionGateways { get; init; }

    /// <summary>The endpoints to probe in the same-network model; optional, default empty.</summary>
    public IReadOnlyList<DirectEndpoint> DirectEndpoints { get; init; } = [];

    /// <summary>CIDRs that the cluster's traffic comes from; optional, empty means any.</summary>
    public IReadOnlyList<IPNetwork> ClusterSources { get; init; } = [];

    /// <summary>Packages that the VM may install; optional, default empty.</summary>
    public IReadOnlyList<Package> Packages { get; init; } = [];

    /// <summary>
    /// Why the dashboard cannot serve a newer configuration, one line each, at most <see cref="MaximumProblems"/> of
    /// <see cref="MaximumProblemLength"/> characters; optional, absent means that this one is current.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Problems { get; init; }

    /// <summary>
    /// The network model: the same network (the VM reaches pods directly) or a different one (all traffic passes the gateways).
    /// </summary>
    /// <remarks>Two empty names are the same network. This is Istio's default, a mesh with one network.</remarks>
    public NetworkModel NetworkModel() =>
        WorkloadGroup.Network == Mesh.Network || Mesh.Networks.Contains(WorkloadGroup.Network)
            ? Contract.NetworkModel.SameNetwork
            : Contract.NetworkModel.DifferentNetwork;
}

/// <summary>The two ways in which a VM reaches the cluster in Istio.</summary>
public enum NetworkModel
{
    /// <summary>The VM reaches pod addresses directly.</summary>
    SameNetwork,

    /// <summary>All traffic goes through the meshexpansion gateways.</summary>
    DifferentNetwork,
}

/// <summary>The mesh and its control plane.</summary>
public sealed record Mesh
{
    /// <summary>The mesh's id; may be empty.</summary>
    public required string MeshId { get; init; }

    /// <summary>The trust domain, for example <c>cluster.local</c>; may be empty.</summary>
    public required string TrustDomain { get; init; }

    /// <summary>The id of the cluster that runs the control plane.</summary>
    public required string ClusterId { get; init; }

    /// <summary>The control plane's network; may be empty.</summary>
    public required string Network { get; init; }

    /// <summary>All networks of the control planes; optional, default empty.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>The control plane's status as the cluster reports it, for example <c>Available</c>; optional.</summary>
    public string? Status { get; init; }

    /// <summary>Istio's version, for example <c>1.15.3</c>.</summary>
    public required string IstioVersion { get; init; }

    /// <summary>The control plane's revision, for example <c>cp-v115x</c>; may be empty.</summary>
    public required string IstioRevision { get; init; }

    /// <summary>
    /// The value of the label <c>istio.io/rev</c> that a WorkloadEntry needs so that the control plane sees it: istiod's <c>REVISION</c>,
    /// for example <c>cp-v115x.istio-system</c>; optional.
    /// </summary>
    public string? IstioRevisionLabel { get; init; }

    /// <summary>The control plane's namespace.</summary>
    public required string IstioNamespace { get; init; }

    /// <summary>The mesh's root certificates in PEM; one or more.</summary>
    public required string RootCertificate { get; init; }

    /// <summary>The mesh's complete ProxyConfig in Istio's format; optional, as are all its members. The default is <c>{}</c>.</summary>
    public required JsonElement DefaultConfig { get; init; }

    /// <summary>
    /// The label of a WorkloadEntry: <see cref="IstioRevisionLabel"/>, else <see cref="IstioRevision"/>, else <c>default</c>.
    /// </summary>
    public string RevisionLabel() =>
        IstioRevisionLabel is { Length: > 0 } label ? label : IstioRevision.Length > 0 ? IstioRevision : DefaultRevision;

    /// <summary>Istio's own name for the only control plane.</summary>
    public const string DefaultRevision = "default";

    /// <summary>The name of the control plane's service, for example <c>istiod-cp-v115x.istio-system.svc</c>.</summary>
    public string IstiodHost() => $"istiod{(IstioRevision is "" or DefaultRevision ? "" : "-" + IstioRevision)}.{IstioNamespace}.svc";

    /// <summary>The control plane's address in HOST:PORT form: the mesh's own, else <see cref="IstiodHost"/> with port 15012.</summary>
    public string DiscoveryAddress() =>
        DefaultConfig.TryGetProperty("discoveryAddress", out var address)
        && address.ValueKind == JsonValueKind.String ? address.GetString()! : $"{IstiodHost()}:15012";
}

/// <summary>The WorkloadGroup as Kubernetes has it, reduced to what a VM needs.</summary>
public sealed record WorkloadGroup
{
    /// <summary>The Kubernetes namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The WorkloadGroup's name.</summary>
    public required string Name { get; init; }

    /// <summary>Annotations of the WorkloadGroup itself; optional.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary><c>.spec.metadata.labels</c>; optional.</summary>
    public IReadOnlyDictionary<string, string> MetadataLabels { get; init; } = new Dictionary<string, string>();

    /// <summary><c>.spec.template.labels</c>; optional.</summary>
    public IReadOnlyDictionary<string, string> TemplateLabels { get; init; } = new Dictionary<string, string>();

    /// <summary><c>.spec.metadata.annotations</c>; optional.</summary>
    public IReadOnlyDictionary<string, string> MetadataAnnotations { get; init; } = new Dictionary<string, string>();

    /// <summary>The Kubernetes service account of <c>.spec.template.serviceAccount</c>.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary><c>.spec.template.network</c>; may be empty.</summary>
    public required string Network { get; init; }

    /// <summary>Port names and TCP port numbers (1–65535).</summary>
    public required IReadOnlyDictionary<string, int> Ports { get; init; }

    /// <summary>The readiness probe as Istio has it; optional.</summary>
    public JsonElement? Probe { get; init; }
}

/// <summary>One meshexpansion gateway: a Kubernetes service of type LoadBalancer.</summary>
public sealed record MeshExpansionGateway
{
    /// <summary>The service's name.</summary>
    public required string Name { get; init; }

    /// <summary>IP addresses or DNS names; several are normal.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>The service's ports.</summary>
    public required IReadOnlyList<GatewayPort> Ports { get; init; }
}

/// <summary>One port of a meshexpansion gateway.</summary>
/// <param name="Name">The port's name in the service, for example <c>tls-istiod</c>.</param>
/// <param name="Port">The TCP port, 1–65535.</param>
public sealed record GatewayPort(string Name, int Port);

/// <summary>An address in the cluster that a VM of the same network must reach.</summary>
/// <param name="Name">What it is, for example <c>istiod</c>.</param>
/// <param name="Address">An IP address or a DNS name.</param>
/// <param name="Port">The TCP port, 1–65535.</param>
public sealed record DirectEndpoint(string Name, string Address, int Port);

/// <summary>A package that the VM may install.</summary>
public sealed record Package
{
    /// <summary>The package's name, for example <c>istio-sidecar</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The package's version.</summary>
    public required string Version { get; init; }

    /// <summary><c>deb</c> or <c>rpm</c>.</summary>
    public required PackageFormat Format { get; init; }

    /// <summary><c>amd64</c> or <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>A path on the dashboard, or an absolute https URL.</summary>
    public required string Path { get; init; }

    /// <summary>The SHA-256 in hex; a package without it is never installed.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The size in bytes; null if it is not known.</summary>
    public long? Size { get; init; }
}
