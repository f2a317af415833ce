using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>A control plane of the cluster, of plain Istio or of the SMM operator.</summary>
public sealed record ControlPlane
{
    /// <summary>The ConfigMap with its MeshConfig.</summary>
    public required ObjectReference Source { get; init; }

    public required string Namespace { get; init; }

    /// <summary>
    /// The value of the label istio.io/rev by which namespaces ask for it, for example <c>default</c> or <c>cp-v117x.istio-system</c>.
    /// </summary>
    public required string Label { get; init; }

    /// <summary>The revision in the names of its objects, for example <c>cp-v117x</c>.</summary>
    public required string Revision { get; init; }

    /// <summary>istiod's own REVISION: it sees only objects without the label istio.io/rev, or with this value of it.</summary>
    public required string RevisionLabel { get; init; }

    public string MeshId { get; init; } = "";

    public string TrustDomain { get; init; } = "";

    public string ClusterId { get; init; } = "";

    public string Network { get; init; } = "";

    public IReadOnlyList<string> Networks { get; init; } = [];

    public string? Status { get; init; }

    public string Version { get; init; } = "";

    /// <summary>The mesh's ProxyConfig.</summary>
    public JsonElement DefaultConfig { get; init; }

    /// <summary>The name of the ConfigMaps with the root certificates.</summary>
    public string RootCertificateName { get; init; } = IstioNames.RootCertificate;

    /// <summary>The root certificates where no ConfigMap has them, and the object that has them; null when there is none.</summary>
    public (ObjectReference Source, string Pem)? OtherRootCertificate { get; init; }

    /// <summary>istiod itself, for VMs of its own network, and the object that names the addresses.</summary>
    public required (ObjectReference Source, IReadOnlyList<DirectEndpoint> Endpoints) Istiod { get; init; }

    /// <summary>Whether a pod of istiod is ready; null when that is not known.</summary>
    public bool? IsReady { get; init; }

    public IReadOnlyList<FoundGateway> Gateways { get; init; } = [];

    /// <summary>The audience of the sidecar's tokens.</summary>
    public string TokenAudience { get; init; } = DashboardApi.SidecarAudience;

    /// <summary>False only when istiod's Deployment switches automatic registration off.</summary>
    public bool RegistersAutomatically { get; init; } = true;

    /// <summary>Which namespaces istiod sees; empty means all.</summary>
    public IReadOnlyList<LabelSelector> DiscoverySelectors { get; init; } = [];

    public IReadOnlyList<ObjectFault> Faults { get; init; } = [];

    /// <summary>Whether VMs of this network reach istiod without a gateway.</summary>
    public bool IsOfNetwork(string network) => network == Network || Networks.Contains(network);

    /// <summary>Whether istiod sees the objects of a namespace with these labels.</summary>
    public bool Discovers(IReadOnlyDictionary<string, string> namespaceLabels) =>
        DiscoverySelectors.Count == 0 || DiscoverySelectors.Any(selector => selector.Selects(namespaceLabels));
}

/// <summary>A gateway, and the object that it was made of.</summary>
public sealed record FoundGateway(ObjectReference Source, MeshExpansionGateway Gateway)
{
    /// <summary>Whether a VM reaches istiod through it, once it has an address.</summary>
    public bool LeadsToIstiod => Gateway.Ports.Any(port => port.Port == IstioNames.IstiodPort);
}
