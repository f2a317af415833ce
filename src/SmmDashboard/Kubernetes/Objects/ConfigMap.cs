using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A ConfigMap of Istio's.</summary>
public sealed record ConfigMap : KubernetesObject
{
    public ConfigMapData Data { get; init => field = value ?? new(); } = new();
}

/// <summary>The keys that are read. Others, such as the injector's templates of more than 100 KiB, are not kept.</summary>
public sealed record ConfigMapData
{
    /// <summary>Istio's MeshConfig, YAML.</summary>
    [JsonPropertyName("mesh")]
    public string? Mesh { get; init; }

    /// <summary>Istio's MeshNetworks, YAML.</summary>
    [JsonPropertyName("meshNetworks")]
    public string? MeshNetworks { get; init; }

    /// <summary>The injector's values, JSON.</summary>
    [JsonPropertyName("values")]
    public string? Values { get; init; }

    /// <summary>The mesh's root certificates, PEM.</summary>
    [JsonPropertyName("root-cert.pem")]
    public string? RootCertificate { get; init; }
}
