namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Names that Istio and the SMM operator give to objects, labels and variables.</summary>
internal static class IstioNames
{
    public const string Revision = "istio.io/rev";
    public const string Tag = "istio.io/tag";
    public const string Network = "topology.istio.io/network";
    public const string Default = "default";
    public const string ProxyConfig = "proxy.istio.io/config";
    public const string VersionLabel = "app.kubernetes.io/version";
    public const string RootCertificate = "istio-ca-root-cert";
    public const string TrustBundle = "istio.io:istiod-ca:root-cert";

    /// <summary>The port of istiod for proxies, and of every gateway that leads there.</summary>
    public const int IstiodPort = 15012;
}
