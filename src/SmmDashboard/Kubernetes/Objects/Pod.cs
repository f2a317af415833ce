namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A pod, of which only the name is read.</summary>
public sealed record Pod : KubernetesObject;
