namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Some of the pods behind the Service that its label <c>kubernetes.io/service-name</c> names.</summary>
public sealed record EndpointSlice : KubernetesObject
{
    public const string ServiceName = "kubernetes.io/service-name";

    public IReadOnlyList<Endpoint> Endpoints { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<ServicePort> Ports { get; init => field = Tolerant.List(value); } = [];
}

public sealed record Endpoint
{
    public IReadOnlyList<string> Addresses { get; init => field = Tolerant.List(value); } = [];

    public EndpointConditions Conditions { get; init => field = value ?? new(); } = new();
}

public sealed record EndpointConditions
{
    /// <summary>Null means ready.</summary>
    public bool? Ready { get; init; }
}
