namespace SmmDashboard.Kubernetes.Objects;

/// <summary>A namespace: its labels choose the revision, the network and what istiod sees.</summary>
public sealed record Namespace : KubernetesObject;
