namespace SmmDashboard.Kubernetes.Objects;

/// <summary>
/// Istio's VirtualService (networking.istio.io): the destinations behind a gateway. Only routes that pass TLS or TCP through are read.
/// </summary>
public sealed record VirtualService : KubernetesObject
{
    public VirtualServiceSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record VirtualServiceSpec
{
    /// <summary><c>NAME</c> of its own namespace, or <c>NAMESPACE/NAME</c>.</summary>
    public IReadOnlyList<string> Gateways { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<IstioRoute> Tls { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<IstioRoute> Tcp { get; init => field = Tolerant.List(value); } = [];
}

public sealed record IstioRoute
{
    /// <summary>Empty means every connection.</summary>
    public IReadOnlyList<IstioMatch> Match { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<IstioRouteTarget> Route { get; init => field = Tolerant.List(value); } = [];
}

public sealed record IstioMatch
{
    /// <summary>Null means every port.</summary>
    public long? Port { get; init; }
}

public sealed record IstioRouteTarget
{
    public IstioDestination Destination { get; init => field = value ?? new(); } = new();
}

public sealed record IstioDestination
{
    /// <summary>A Service, for example <c>istiod.istio-system.svc.cluster.local</c>.</summary>
    public string Host { get; init => field = value ?? ""; } = "";

    public IstioPort Port { get; init => field = value ?? new(); } = new();
}
