namespace SmmAgent.Contract;

/// <summary>The identity of a workload in the mesh: <c>spiffe://TRUSTDOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT</c>.</summary>
/// <param name="TrustDomain">The mesh's trust domain, for example <c>cluster.local</c>.</param>
/// <param name="Namespace">The Kubernetes namespace.</param>
/// <param name="ServiceAccount">The Kubernetes service account.</param>
public sealed record SpiffeId(string TrustDomain, string Namespace, string ServiceAccount)
{
    private const string Scheme = "spiffe://";

    /// <summary>Istio's trust domain if none is set.</summary>
    public const string DefaultTrustDomain = "cluster.local";

    /// <summary>Reads the URI of a certificate's subject alternative name; null if it does not have this form.</summary>
    public static SpiffeId? Parse(string uri) =>
        uri.StartsWith(Scheme, StringComparison.Ordinal)
        && uri[Scheme.Length..].Split('/') is [{ Length: > 0 } domain, "ns", { Length: > 0 } space, "sa", { Length: > 0 } account]
            ? new(domain, space, account)
            : null;

    /// <summary>The URI.</summary>
    public override string ToString() => $"{Scheme}{TrustDomain}/ns/{Namespace}/sa/{ServiceAccount}";
}
