using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Mesh;

namespace SmmDashboard.Kubernetes.Rights;

/// <summary>Every right that the dashboard needs. deploy/kubernetes grants these, and a test holds that it grants no others.</summary>
public static class DashboardRights
{
    private const string MachineGroup = "smm-agent.io";

    /// <summary>In the whole cluster. None of them writes.</summary>
    /// <param name="rootCertificates">The names of the ConfigMaps with root certificates, one for each control plane.</param>
    public static IReadOnlyList<Right> ClusterOptions(IEnumerable<string> rootCertificates) =>
    [
        new("authentication.k8s.io", "tokenreviews", "create") { Without = "no agent can log in" },
        Read(ClusterKinds.Namespaces, "the revision of no WorkloadGroup is known, and none is served"),
        Read(ClusterKinds.WorkloadGroups, "none is served"),
        Read(ClusterKinds.WorkloadEntries, "no VM is seen as registered"),
        Read(ClusterKinds.MutatingWebhooks, "revision tags and the default revision are found by Services alone"),
        Read(ClusterKinds.ValidatingWebhooks, "the default revision is found by other objects alone"),
        Read(ClusterKinds.TrustBundles, "a mesh whose istiod publishes its root certificate as a ClusterTrustBundle is not served")
            with { Name = IstioNames.TrustBundle },
        .. rootCertificates.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(
                name => Read(ClusterKinds.ConfigMaps,
                    "the root certificate that istiod writes into the namespaces of WorkloadGroups is not known") with { Name = name }),
        Read(ClusterKinds.Nodes, "a dial-back could go to a node"),
        Read(ClusterKinds.ServiceCidrs, "a dial-back could go to a Service, unless --cluster-range names the range of Services"),
        Read(ClusterKinds.IpAddresses, "a dial-back could go to an address that the cluster has reserved"),
        new(MachineGroup, "attachedmachines", "get", "list",
            "watch") { Without = "silent machines stay, and each agent that a replica does not know is asked for" },
    ];

    /// <summary>In a namespace of control planes.</summary>
    public static IReadOnlyList<Right> ForIstioNamespace(string @namespace) =>
    [
        Read(ClusterKinds.ConfigMaps, "its control planes are not found, and no WorkloadGroup of theirs is served")
            with { Namespace = @namespace },
        Gateways(@namespace),
        Read(ClusterKinds.EndpointSlices, "it is not known whether istiod is ready, and VMs of its network get no endpoint of it")
            with { Namespace = @namespace },
        Read(ClusterKinds.Deployments, "istiod's revision, version and settings come from labels alone") with { Namespace = @namespace },
        Read(ClusterKinds.ApiGateways, "gateways of the Gateway API are not found") with { Namespace = @namespace },
        Read(ClusterKinds.IstioControlPlanes, "control planes of the SMM operator are read as plain Istio") with { Namespace = @namespace },
        Read(ClusterKinds.PeerIstioControlPlanes, "the networks of peer clusters are not known") with { Namespace = @namespace },
        Events(@namespace),
    ];

    /// <summary>In a namespace of a gateway that is named by option and not one of control planes.</summary>
    public static IReadOnlyList<Right> ForGatewayNamespace(string @namespace) => [Gateways(@namespace)];

    /// <summary>
    /// In the namespace <c>default</c>, where the API server writes its own addresses, and where Events on objects without a namespace are.
    /// </summary>
    public static IReadOnlyList<Right> OfDefaultNamespace =>
    [
        Read(ClusterKinds.ApiServerEndpoints,
            "a dial-back could go to an address of the API server other than the one that is connected to")
            with { Namespace = "default", Name = "kubernetes" },
        Events("default"),
    ];

    /// <summary>In the dashboard's own namespace.</summary>
    public static IReadOnlyList<Right> ForOwnNamespace(string @namespace)
    {
        const string without = "silent machines are never marked as disconnected and never deleted";
        return
        [
            // RBAC cannot restrict a create to a name.
            new("coordination.k8s.io", "leases", "create") { Namespace = @namespace, Without = without },
            new("coordination.k8s.io", "leases", "get", "update") { Namespace = @namespace, Name = "smm-dashboard-sweeper",
                Without = without },
        ];
    }

    /// <summary>In a namespace of WorkloadGroups.</summary>
    /// <param name="accounts">The service accounts of its WorkloadGroups.</param>
    public static IReadOnlyList<Right> ForVmNamespace(string @namespace, IEnumerable<string> accounts) =>
    [
        new(MachineGroup, "attachedmachines", "create", "delete") { Namespace = @namespace,
            Without = "agents of this namespace are kept in the memory of each replica, and bind anew after a restart" },
        new(MachineGroup, "attachedmachines/status", "patch") { Namespace = @namespace,
            Without = "reports of this namespace are kept in the memory of the replica that gets them" },
        Events(@namespace),
        .. accounts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).SelectMany(account => (Right[])
        [
            new("", "serviceaccounts/token", "create") { Namespace = @namespace, Name = account,
                Without = "sidecars of this account get no token" },
            new("", "serviceaccounts", "get") { Namespace = @namespace, Name = account,
                Without = "a missing account is not named as the reason why a VM is not registered" },
        ]),
    ];

    /// <summary>With the admin listener, in the whole cluster. deploy/kubernetes/components/admin grants it.</summary>
    public static IReadOnlyList<Right> ForAdmin { get; } =
        [new("authorization.k8s.io", "subjectaccessreviews", "create") { Without = "the admin listener shows no machines" }];

    /// <summary>All of them, for the objects of a mesh.</summary>
    public static IReadOnlyList<Right> All(DashboardPlaces places) =>
    [
        .. ClusterOptions(places.RootCertificates),
        .. OfDefaultNamespace,
        .. places.IstioNamespaces.SelectMany(ForIstioNamespace),
        .. places.GatewayNamespaces.Except(places.IstioNamespaces).SelectMany(ForGatewayNamespace),
        .. ForOwnNamespace(places.OwnNamespace),
        .. places.Accounts.GroupBy(account => account.Namespace).OrderBy(accounts => accounts.Key, StringComparer.Ordinal)
            .SelectMany(accounts => ForVmNamespace(accounts.Key, accounts.Select(account => account.Name))),
    ];

    private static Right Gateways(string @namespace) =>
        Read(ClusterKinds.Services, "gateways in it are not found, and VMs of other networks cannot attach")
        with
        { Namespace = @namespace };

    private static Right Events(string @namespace) =>
        new("events.k8s.io", "events", "create") { Namespace = @namespace, Without = "what is wrong with its objects is in the log only" };

    private static Right Read(ApiResource resource, string without) =>
        new(resource.Group, resource.Plural, "list", "watch") { Without = without };
}

/// <summary>Where the dashboard needs rights.</summary>
/// <param name="OwnNamespace">The dashboard's.</param>
/// <param name="IstioNamespaces">Those of control planes.</param>
/// <param name="GatewayNamespaces">Those of gateways that are named by option.</param>
/// <param name="RootCertificates">The names of the ConfigMaps with root certificates.</param>
/// <param name="Accounts">The service accounts of WorkloadGroups.</param>
public sealed record DashboardPlaces(
    string OwnNamespace, IReadOnlyList<string> IstioNamespaces, IReadOnlyList<string> GatewayNamespaces,
    IReadOnlyCollection<string> RootCertificates, IReadOnlyCollection<ServiceAccount> Accounts)
{
    /// <summary>The places of what was composed.</summary>
    public static DashboardPlaces From(
        string ownNamespace, IReadOnlyList<string> istioNamespaces, IEnumerable<(string Namespace, string Name)> gateways,
        ComposedMesh mesh) => new(
        ownNamespace,
        istioNamespaces,
        [.. gateways.Select(gateway => gateway.Namespace).Distinct(StringComparer.Ordinal)],
        [.. mesh.ControlPlanes.Select(plane => plane.RootCertificateName).Append(IstioNames.RootCertificate)
            .Distinct(StringComparer.Ordinal)],
        [.. mesh.Groups.Values.Select(group => new ServiceAccount(group.Id.Namespace, group.ServiceAccount)).Distinct()]);
}
