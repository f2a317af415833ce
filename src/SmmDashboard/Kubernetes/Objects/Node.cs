using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A node, reduced to its addresses.</summary>
public sealed record Node : KubernetesObject
{
    public NodeSpec Spec { get; init => field = value ?? new(); } = new();

    public NodeStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record NodeSpec
{
    /// <summary>The ranges that the control plane gave to the node's pods. Not every pod network uses them.</summary>
    [JsonPropertyName("podCIDRs")]
    public IReadOnlyList<string> PodCidrs { get; init => field = Tolerant.List(value); } = [];
}

public sealed record NodeStatus
{
    public IReadOnlyList<NodeAddress> Addresses { get; init => field = Tolerant.List(value); } = [];
}

public sealed record NodeAddress
{
    /// <summary>An IP address, or a name for the types <c>Hostname</c>, <c>InternalDNS</c> and <c>ExternalDNS</c>.</summary>
    public string Address { get; init => field = value ?? ""; } = "";
}
