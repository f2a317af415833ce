using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A control plane of the SMM operator (servicemesh.cisco.com/v1alpha1).</summary>
public sealed record IstioControlPlane : KubernetesObject
{
    public IstioControlPlaneSpec Spec { get; init => field = value ?? new(); } = new();

    public IstioControlPlaneStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>The control plane of another cluster of the same mesh.</summary>
public sealed record PeerIstioControlPlane : KubernetesObject
{
    public IstioControlPlaneSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record IstioControlPlaneSpec
{
    public string Version { get; init => field = value ?? ""; } = "";

    /// <summary><c>ACTIVE</c> or <c>PASSIVE</c>: istiod of a passive one is in another cluster.</summary>
    public string Mode { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("meshID")]
    public string MeshId { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("clusterID")]
    public string ClusterId { get; init => field = value ?? ""; } = "";

    public string NetworkName { get; init => field = value ?? ""; } = "";

    /// <summary><c>cisco</c> or <c>official</c>: decides the names of istiod's ConfigMaps.</summary>
    public string Distribution { get; init => field = value ?? ""; } = "";

    public SdsSpec Sds { get; init => field = value ?? new(); } = new();
}

public sealed record SdsSpec
{
    public string TokenAudience { get; init => field = value ?? ""; } = "";
}

public sealed record IstioControlPlaneStatus
{
    /// <summary>For example <c>Available</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";

    public string ErrorMessage { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("clusterID")]
    public string ClusterId { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<string> GatewayAddress { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<string> IstiodAddresses { get; init => field = Tolerant.List(value); } = [];

    public string CaRootCertificate { get; init => field = value ?? ""; } = "";
}
