using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

public sealed record Service : KubernetesObject
{
    public ServiceSpec Spec { get; init => field = value ?? new(); } = new();

    public ServiceStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record ServiceSpec
{
    /// <summary><c>ClusterIP</c>, <c>NodePort</c>, <c>LoadBalancer</c> or <c>ExternalName</c>.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<ServicePort> Ports { get; init => field = Tolerant.List(value); } = [];

    /// <summary>The labels of its pods.</summary>
    public IReadOnlyDictionary<string, string> Selector { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;

    /// <summary>Its addresses inside the cluster; <c>None</c> for a headless Service.</summary>
    [JsonPropertyName("clusterIPs")]
    public IReadOnlyList<string> ClusterIPs { get; init => field = Tolerant.List(value); } = [];

    [JsonPropertyName("externalIPs")]
    public IReadOnlyList<string> ExternalIPs { get; init => field = Tolerant.List(value); } = [];
}

/// <summary>A port of a Service or of an EndpointSlice.</summary>
public sealed record ServicePort
{
    /// <summary>Empty for the only port of an object.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    public int? Port { get; init; }

    /// <summary>Empty means TCP.</summary>
    public string Protocol { get; init => field = value ?? ""; } = "";

    [JsonIgnore]
    public bool IsTcp => Protocol is "" or "TCP";
}

public sealed record ServiceStatus
{
    public LoadBalancerStatus LoadBalancer { get; init => field = value ?? new(); } = new();
}

public sealed record LoadBalancerStatus
{
    public IReadOnlyList<LoadBalancerIngress> Ingress { get; init => field = Tolerant.List(value); } = [];
}

/// <summary>An address of a load balancer: an IP address or a DNS name.</summary>
public sealed record LoadBalancerIngress
{
    public string? Ip { get; init; }

    public string? Hostname { get; init; }
}
