namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A ServiceAccount, of which only the name is read.</summary>
public sealed record ServiceAccountObject : KubernetesObject;
