using System.Net;
using k8s;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Serving;

namespace SmmDashboard.Kubernetes.Checking;

/// <summary>What the API server serves, and what of it may be read.</summary>
internal static class KubernetesChecks
{
    public static IReadOnlyList<CheckLine> IstioKinds(ClusterLook look) =>
    [
        .. ((ApiResource[])[ClusterKinds.WorkloadGroups, ClusterKinds.WorkloadEntries]).Select(resource => look.Lister.Of(resource))
            .Select(kind => kind switch
        {
            { Version: { } version } => CheckLine.Pass(kind.Resource.Kind, $"is served in version {version}, {Counted(kind.Count)}"),
            { Fault: { } fault } => CheckLine.Fail(kind.Resource.Kind, fault.Message, "see Rights below"),
            _ => CheckLine.Fail(kind.Resource.Kind, "is not served", "install Istio with its CRDs, for example: istioctl install"),
        }),
    ];

    public static IReadOnlyList<CheckLine> Objects(ClusterLook look)
    {
        var kinds = look.KindsOfDashboard.Where(
            kind => kind.Resource.Kind != ClusterKinds.WorkloadGroups.Kind && kind.Resource.Kind != ClusterKinds.WorkloadEntries.Kind)
            .ToList();
        List<CheckLine> lines =
        [
            .. kinds.Where(kind => kind.Fault is not null)
                .Select(kind => CheckLine.Fail(
                    null, kind.Fault!.Message,
                    kind.Fault.Fault == ApiFault.Forbidden ? "see Rights below" : "cure this first: what follows is incomplete")),
            .. look.Lister.Kinds.SelectMany(kind => kind.Unreadable.Select(one =>
                CheckLine.Fail(kind.Resource.Kind, $"cannot be read: {one}", $"kubectl get {kind.Resource.Kind} -A -o yaml"))),
        ];
        return lines.Count > 0 ? lines : [CheckLine.Pass(null, $"{look.Lister.Kinds.Sum(kind => kind.Count)} objects were read")];
    }

    public static CheckLine ServiceRange(ClusterLook look, IReadOnlyList<IPNetwork> configured) =>
        look.Lister.Of(ClusterKinds.ServiceCidrs) switch
        {
            { Version: not null, Count: > 0 } => CheckLine.Pass(null, "is known from ServiceCIDRs: no dial-back goes to a Service"),
            _ when configured.Count > 0 => CheckLine.Pass(null, $"--cluster-range names {string.Join(", ", configured)}"),
            { Fault: { } fault } => CheckLine.Warn(
                null, $"is not known, so a dial-back could go to a Service: {fault.Message}",
                "see Rights below, or start smm-dashboard with --cluster-range CIDR"),
            _ =>
                CheckLine.Warn(null, "is not known, so a dial-back could go to a Service: ServiceCIDRs are served by Kubernetes 1.33 and later",
                "start smm-dashboard with --cluster-range CIDR, the --service-cluster-ip-range of the kube-apiserver: kubectl cluster-info "
                    + "dump | grep -m1 service-cluster-ip-range"),
        };

    /// <summary>Whether the cluster would take the record of a machine. Nothing is written: the request is a dry run.</summary>
    public static async Task<CheckLine> MachinesAsync(KubernetesApi api, ClusterLook look, CancellationToken cancellationToken)
    {
        try
        {
            if (await new Discovery(api).FindVersionAsync(ClusterLook.Machines, cancellationToken) is not { } version)
                return CheckLine.Fail(null, "is not served: agents would bind anew to each replica and after each restart",
                    "kubectl apply --server-side -f deploy/kubernetes/base/crd.yaml");
            if (look.Mesh.Groups.Keys.OrderBy(group => group.Namespace, StringComparer.Ordinal)
                .FirstOrDefault() is not { Namespace.Length: > 0 } group)
                return CheckLine.Pass(null, $"is served in version {version}");

            var machine = new Dictionary<string, object>
            {
                ["apiVersion"] = $"{ClusterLook.Machines.Group}/{version}",
                ["kind"] = "AttachedMachine",
                ["metadata"] = new Dictionary<string, string> { ["name"] = Guid.NewGuid().ToString() },
                ["spec"] = new Dictionary<string, string> { ["workloadGroup"] = group.Name, ["keySha256"] = new('0', 64) },
            };
            await api.CallAsync(
                $"create {ClusterLook.Machines.Kind} in namespace {group.Namespace} (dry run)",
                (client, stop) => client.CustomObjects.CreateNamespacedCustomObjectAsync(
                    machine, ClusterLook.Machines.Group, version, group.Namespace, ClusterLook.Machines.Plural, dryRun: "All",
                    cancellationToken: stop),
                cancellationToken);
            return CheckLine.Pass(null, $"is served in version {version}, and one would be accepted in namespace {group.Namespace}");
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            return CheckLine.Skipped(null, $"is served; whether one would be accepted was not tried: {fault.Message}", "see Rights below");
        }
        catch (ApiException fault)
        {
            return CheckLine.Fail(null, fault.Message,
                "kubectl apply --server-side -f deploy/kubernetes/base/crd.yaml, or correct the admission webhook or policy that "
                    + "the message names");
        }
    }

    private static string Counted(int count) => count == 1 ? "1 object" : $"{count} objects";
}
