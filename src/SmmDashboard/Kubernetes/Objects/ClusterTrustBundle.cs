namespace SmmDashboard.Kubernetes.Objects;

/// <summary>
/// Root certificates for the whole cluster (certificates.k8s.io); istiod writes one instead of ConfigMaps when it is configured to.
/// </summary>
public sealed record ClusterTrustBundle : KubernetesObject
{
    public ClusterTrustBundleSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record ClusterTrustBundleSpec
{
    /// <summary>PEM.</summary>
    public string TrustBundle { get; init => field = value ?? ""; } = "";
}
