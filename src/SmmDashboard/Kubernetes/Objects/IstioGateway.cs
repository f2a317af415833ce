namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Istio's Gateway (networking.istio.io): what a gateway's pods listen for.</summary>
public sealed record IstioGateway : KubernetesObject
{
    public IstioGatewaySpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record IstioGatewaySpec
{
    /// <summary>The labels of the gateway's pods; empty means every gateway.</summary>
    public IReadOnlyDictionary<string, string> Selector { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;

    public IReadOnlyList<IstioServer> Servers { get; init => field = Tolerant.List(value); } = [];
}

public sealed record IstioServer
{
    public IstioPort Port { get; init => field = value ?? new(); } = new();

    public IstioServerTls Tls { get; init => field = value ?? new(); } = new();
}

public sealed record IstioPort
{
    public long Number { get; init; }
}

public sealed record IstioServerTls
{
    /// <summary>For example <c>PASSTHROUGH</c>.</summary>
    public string Mode { get; init => field = value ?? ""; } = "";
}
