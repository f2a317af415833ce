namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A ServiceCIDR (networking.k8s.io): ranges of the cluster IPs of Services.</summary>
public sealed record ServiceCidr : KubernetesObject
{
    public ServiceCidrSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record ServiceCidrSpec
{
    public IReadOnlyList<string> Cidrs { get; init => field = Tolerant.List(value); } = [];
}

/// <summary>An IPAddress (networking.k8s.io): its name is an address that the cluster uses.</summary>
public sealed record IpAddress : KubernetesObject;
