using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>The kinds that are read, with the versions that can be read.</summary>
public static class ClusterKinds
{
    private static readonly string[] V1 = ["v1"];
    private static readonly string[] OfIstio = ["v1", "v1beta1", "v1alpha3"];

    public static readonly ApiResource Namespaces = new("", "namespaces", V1);
    public static readonly ApiResource ConfigMaps = new("", "configmaps", V1);
    public static readonly ApiResource Services = new("", "services", V1);
    public static readonly ApiResource EndpointSlices = new("discovery.k8s.io", "endpointslices", ["v1", "v1beta1"]);
    public static readonly ApiResource Deployments = new("apps", "deployments", V1);
    public static readonly ApiResource MutatingWebhooks = new("admissionregistration.k8s.io", "mutatingwebhookconfigurations", V1);
    public static readonly ApiResource ValidatingWebhooks = new("admissionregistration.k8s.io", "validatingwebhookconfigurations", V1);
    public static readonly ApiResource WorkloadGroups = new("networking.istio.io", "workloadgroups", OfIstio);
    public static readonly ApiResource WorkloadEntries = new("networking.istio.io", "workloadentries", OfIstio);
    public static readonly ApiResource IstioControlPlanes = new("servicemesh.cisco.com", "istiocontrolplanes", ["v1alpha1"]);
    public static readonly ApiResource PeerIstioControlPlanes = new("servicemesh.cisco.com", "peeristiocontrolplanes", ["v1alpha1"]);
    public static readonly ApiResource ApiGateways = new("gateway.networking.k8s.io", "gateways", ["v1", "v1beta1"]);

    public static readonly ApiResource Nodes = new("", "nodes", V1);
    public static readonly ApiResource ServiceCidrs = new("networking.k8s.io", "servicecidrs", ["v1", "v1beta1"]);
    public static readonly ApiResource IpAddresses = new("networking.k8s.io", "ipaddresses", ["v1", "v1beta1"]);

    /// <summary>The addresses of the API server, as it writes them itself.</summary>
    public static readonly ApiResource ApiServerEndpoints =
        EndpointSlices with { Namespace = "default", FieldSelector = "metadata.name=kubernetes" };

    public static readonly ApiResource TrustBundles = new("certificates.k8s.io", "clustertrustbundles", ["v1", "v1beta1", "v1alpha1"])
    {
        FieldSelector = $"metadata.name={IstioNames.TrustBundle}",
    };
}
