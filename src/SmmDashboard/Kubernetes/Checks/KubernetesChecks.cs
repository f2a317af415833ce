using System.Net;
using k8s;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Mesh;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>Checks the kinds that the API server serves, and whether they can be read.</summary>
internal static class KubernetesChecks
{
    public static IReadOnlyList<ClusterCheckLine> IstioKinds(ClusterObservation observed) =>
    [
        .. ((ApiResource[])[ClusterKinds.WorkloadGroups, ClusterKinds.WorkloadEntries]).Select(resource => observed.Lister.Of(resource))
            .Select(kind => kind switch
        {
            { Version: { } version } => ClusterCheckLine.Pass(kind.Resource.Kind, $"is served in version {version}, {Counted(kind.Count)}"),
            { Fault: { } fault } => ClusterCheckLine.Fail(kind.Resource.Kind, fault.Message, "see Rights below"),
            _ => ClusterCheckLine.Fail(kind.Resource.Kind, "is not served", "install Istio with its CRDs, for example: istioctl install"),
        }),
    ];

    public static IReadOnlyList<ClusterCheckLine> Objects(ClusterObservation observed)
    {
        var kinds = observed.KindsOfDashboard.Where(
            kind => kind.Resource.Kind != ClusterKinds.WorkloadGroups.Kind && kind.Resource.Kind != ClusterKinds.WorkloadEntries.Kind)
            .ToList();
        List<ClusterCheckLine> lines =
        [
            .. kinds.Where(kind => kind.Fault is not null)
                .Select(kind => ClusterCheckLine.Fail(
                    null, kind.Fault!.Message,
                    kind.Fault.Fault == ApiFault.Forbidden ? "see Rights below" : "correct this first: the checks below are incomplete")),
            .. observed.Lister.Kinds.SelectMany(kind => kind.Unreadable.Select(one =>
                ClusterCheckLine.Fail(kind.Resource.Kind, $"cannot be read: {one}", $"kubectl get {kind.Resource.Kind} -A -o yaml"))),
        ];
        return lines.Count > 0 ? lines
            : [ClusterCheckLine.Pass(null, $"{observed.Lister.Kinds.Sum(kind => kind.Count)} objects were read")];
    }

    public static ClusterCheckLine ServiceRange(ClusterObservation observed, IReadOnlyList<IPNetwork> configured) =>
        observed.Lister.Of(ClusterKinds.ServiceCidrs) switch
        {
            { Version: not null, Count: > 0 } => ClusterCheckLine.Pass(null, "is known from ServiceCIDRs: no dial-back goes to a Service"),
            _ when configured.Count > 0 => ClusterCheckLine.Pass(null, $"--cluster-range names {string.Join(", ", configured)}"),
            { Fault: { } fault } => ClusterCheckLine.Warn(
                null, $"is not known, so a dial-back could go to a Service: {fault.Message}",
                "see Rights below, or start smm-dashboard with --cluster-range CIDR"),
            _ =>
                ClusterCheckLine.Warn(null,
                    "is not known, so a dial-back could go to a Service: ServiceCIDRs are served by Kubernetes 1.33 and later",
                "start smm-dashboard with --cluster-range CIDR, the --service-cluster-ip-range of the kube-apiserver: kubectl cluster-info "
                    + "dump | grep -m1 service-cluster-ip-range"),
        };

    /// <summary>Whether the cluster would accept an AttachedMachine. Nothing is written: the request is a dry run.</summary>
    public static async Task<ClusterCheckLine> MachinesAsync(
        KubernetesApi api, ClusterObservation observed, CancellationToken cancellationToken)
    {
        try
        {
            if (await new Discovery(api).FindVersionAsync(ClusterObservation.Machines, cancellationToken) is not { } version)
                return ClusterCheckLine.Fail(null, "is not served: agents would bind anew to each replica and after each restart",
                    "kubectl apply --server-side -f deploy/kubernetes/base/crd.yaml");
            if (observed.Mesh.Groups.Keys.OrderBy(group => group.Namespace, StringComparer.Ordinal)
                .FirstOrDefault() is not { Namespace.Length: > 0 } group)
                return ClusterCheckLine.Pass(null, $"is served in version {version}");

            var machine = new Dictionary<string, object>
            {
                ["apiVersion"] = $"{ClusterObservation.Machines.Group}/{version}",
                ["kind"] = "AttachedMachine",
                ["metadata"] = new Dictionary<string, string> { ["name"] = Guid.NewGuid().ToString() },
                ["spec"] = new Dictionary<string, string> { ["workloadGroup"] = group.Name, ["keySha256"] = new('0', 64) },
            };
            await api.CallAsync(
                $"create {ClusterObservation.Machines.Kind} in namespace {group.Namespace} (dry run)",
                (client, stop) => client.CustomObjects.CreateNamespacedCustomObjectAsync(
                    machine, ClusterObservation.Machines.Group, version, group.Namespace, ClusterObservation.Machines.Plural, dryRun: "All",
                    cancellationToken: stop),
                cancellationToken);
            return ClusterCheckLine.Pass(null, $"is served in version {version}, and one would be accepted in namespace {group.Namespace}");
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            return ClusterCheckLine.Skipped(
                null, $"is served; whether one would be accepted was not tried: {fault.Message}", "see Rights below");
        }
        catch (ApiException fault)
        {
            return ClusterCheckLine.Fail(null, fault.Message,
                "kubectl apply --server-side -f deploy/kubernetes/base/crd.yaml, or correct the admission webhook or policy that "
                    + "the message names");
        }
    }

    private static string Counted(int count) => count == 1 ? "1 object" : $"{count} objects";
}
