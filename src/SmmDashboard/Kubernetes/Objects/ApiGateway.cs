namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A Gateway of the Gateway API (gateway.networking.k8s.io).</summary>
public sealed record ApiGateway : KubernetesObject
{
    public ApiGatewaySpec Spec { get; init => field = value ?? new(); } = new();

    public ApiGatewayStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record ApiGatewaySpec
{
    public string GatewayClassName { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<ApiListener> Listeners { get; init => field = Tolerant.List(value); } = [];
}

public sealed record ApiListener
{
    public string Name { get; init => field = value ?? ""; } = "";

    public int? Port { get; init; }

    /// <summary>For example <c>TLS</c>, or Istio's <c>HBONE</c>.</summary>
    public string Protocol { get; init => field = value ?? ""; } = "";
}

public sealed record ApiGatewayStatus
{
    public IReadOnlyList<ApiListenerStatus> Listeners { get; init => field = Tolerant.List(value); } = [];

    public IReadOnlyList<ApiGatewayAddress> Addresses { get; init => field = Tolerant.List(value); } = [];
}

public sealed record ApiListenerStatus
{
    public string Name { get; init => field = value ?? ""; } = "";

    public int AttachedRoutes { get; init; }
}

public sealed record ApiGatewayAddress
{
    public string Value { get; init => field = value ?? ""; } = "";
}
