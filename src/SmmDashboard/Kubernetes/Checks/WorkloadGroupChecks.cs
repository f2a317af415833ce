using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>The WorkloadGroups and the objects that their VMs need.</summary>
internal static class WorkloadGroupChecks
{
    private const string Injection = "istio-injection";

    private static IEnumerable<ComposedGroup> Sorted(ClusterObservation observed) =>
        observed.Mesh.Groups.Values.OrderBy(group => group.Id.Namespace, StringComparer.Ordinal)
        .ThenBy(group => group.Id.Name, StringComparer.Ordinal);

    public static IReadOnlyList<ClusterCheckLine> Configuration(ClusterObservation observed) => observed.Mesh.Groups.Count == 0
        ? [ClusterCheckLine.Warn(null, "there is no WorkloadGroup, so no VM can attach",
            "create one: kubectl apply -f deploy/kubernetes/samples/workload-group.yaml")]
        : [.. Sorted(observed).SelectMany(Configuration)];

    public static IReadOnlyList<ClusterCheckLine> Namespaces(ClusterObservation observed) =>
        OrNone(
            [.. Sorted(observed).GroupBy(group => group.Id.Namespace)
                .Select(groups => Namespace(observed, groups.Key, groups.First().Plane))]);

    public static async Task<IReadOnlyList<ClusterCheckLine>> AccountsAsync(
        KubernetesApi api, ClusterObservation observed, CancellationToken cancellationToken)
    {
        var lines = new List<ClusterCheckLine>();
        foreach (var account in Sorted(observed).Select(group => new ServiceAccount(group.Id.Namespace, group.ServiceAccount)).Distinct())
            lines.Add(await AccountAsync(api, account, cancellationToken));
        return OrNone(lines);
    }

    /// <summary>Whether a service account exists.</summary>
    public static async Task<ClusterCheckLine> AccountAsync(KubernetesApi api, ServiceAccount account, CancellationToken cancellationToken)
    {
        var subject = $"{account.Namespace}/{account.Name}";
        try
        {
            var found = await api.FindAsync(
                $"get serviceaccount {subject}",
                $"api/v1/namespaces/{Uri.EscapeDataString(account.Namespace)}/serviceaccounts/{Uri.EscapeDataString(account.Name)}",
                KubernetesJson.Default.ServiceAccountObject, cancellationToken);
            return found is not null
                ? ClusterCheckLine.Pass(subject, "exists")
                : ClusterCheckLine.Fail(subject, "does not exist, so it has no tokens",
                    $"kubectl -n {account.Namespace} create serviceaccount {account.Name}");
        }
        catch (ApiException fault)
        {
            return ClusterCheckLine.Skipped(subject, fault.Message, "see Rights below");
        }
    }

    public static IReadOnlyList<ClusterCheckLine> RootCertificates(ClusterObservation observed)
    {
        var maps = observed.Objects.ConfigMaps.Where(map => map.Data.RootCertificate is not null)
            .Select(map => (map.Metadata.Namespace, map.Metadata.Name)).ToHashSet();
        return OrNone([.. Sorted(observed).Where(group => group.Plane is not null)
            .Select(group => (group.Id.Namespace, Plane: group.Plane!)).DistinctBy(pair => (pair.Namespace, pair.Plane.RootCertificateName))
            .Select(pair => RootCertificate(pair.Namespace, pair.Plane, maps))]);
    }

    /// <summary>Entries of a revision that no longer exists: the current istiod does not see them, and cannot create its own.</summary>
    public static IReadOnlyList<ClusterCheckLine> Entries(ClusterObservation observed)
    {
        if (observed.Mesh.ControlPlanes.Count == 0)
            return [ClusterCheckLine.Skipped(null, "there is no control plane")];

        var revisions = observed.Mesh.ControlPlanes.Select(plane => plane.RevisionLabel).ToHashSet(StringComparer.Ordinal);
        var stale = observed.Entries.Where(
            entry => entry.Metadata.Label(IstioNames.Revision) is { Length: > 0 } revision && !revisions.Contains(revision)).ToList();
        return stale.Count == 0
            ? [ClusterCheckLine.Pass(null, observed.Entries.Count == 1 ? "there is 1" : $"there are {observed.Entries.Count}")]
            : [.. stale.Select(entry => ClusterCheckLine.Fail($"{entry.Metadata.Namespace}/{entry.Metadata.Name}",
                $"belongs to revision {NameRules.Shown(entry.Metadata.Label(IstioNames.Revision))}, which no control plane serves, so its "
                    + "VM cannot register",
                $"kubectl -n {entry.Metadata.Namespace} delete workloadentry {entry.Metadata.Name}"))];
    }

    private static List<ClusterCheckLine> OrNone(List<ClusterCheckLine> lines) =>
        lines.Count > 0 ? lines : [ClusterCheckLine.Skipped(null, "there is no WorkloadGroup")];

    private static IEnumerable<ClusterCheckLine> Configuration(ComposedGroup group)
    {
        // Gateways have lines of their own, as have faults of the control plane.
        var faults = group.Faults.Where(fault => fault.Reason != FaultReasons.GatewayNotFound).Except(group.Plane?.Faults ?? []).ToList();
        if (faults.Count > 0)
            return faults.Select(fault => FaultLines.Create(
                fault, fault.Reason == FaultReasons.NotSeenByIstiod ? ClusterCheckStatus.Fail : null));

        var subject = $"{group.Id.Namespace}/{group.Id.Name}";
        return group.Served is { } served && group.IsCurrent
            ? [ClusterCheckLine.Pass(subject,
                $"is served: revision {group.Plane!.Label}, {Network(served.Config)}, service account {group.ServiceAccount}")]
            : [ClusterCheckLine.Fail(subject, "is not served, because its control plane has faults", "see Control plane above")];
    }

    private static string Network(MeshConfig config) => config.NetworkModel() == NetworkModel.SameNetwork
        ? $"network {(config.WorkloadGroup.Network.Length > 0 ? config.WorkloadGroup.Network : "of the mesh")} as istiod's"
        : $"network {config.WorkloadGroup.Network} through the gateways";

    private static ClusterCheckLine Namespace(ClusterObservation observed, string name, ControlPlane? plane)
    {
        if (observed.Objects.Namespaces.FirstOrDefault(candidate => candidate.Metadata.Name == name) is not { } found)
            return ClusterCheckLine.Skipped(name, "was not read, so its revision is unknown", "see Rights below");

        var (revision, injection) = (found.Metadata.Label(IstioNames.Revision), found.Metadata.Label(Injection));
        if (revision.Length > 0 && injection.Length > 0)
        {
            return ClusterCheckLine.Warn(name,
                $"has both {Injection}={NameRules.Shown(injection)} and istio.io/rev={NameRules.Shown(revision)}: pods follow the "
                    + "first, VMs the second",
                $"kubectl label namespace {name} {Injection}-");
        }

        if (plane is null)
            return ClusterCheckLine.Skipped(name, "its revision is unknown", "see Configuration above");
        if (!plane.Discovers(found.Metadata.Labels))
            return ClusterCheckLine.Skipped(name, "istiod does not see it", "see Configuration above");
        return ClusterCheckLine.Pass(name, revision.Length > 0 ? $"has istio.io/rev={revision}, which is revision {plane.Label}"
            : $"has no label istio.io/rev, so the default counts: revision {plane.Label}");
    }

    private static ClusterCheckLine RootCertificate(string @namespace, ControlPlane plane, HashSet<(string Namespace, string Name)> maps)
    {
        var name = plane.RootCertificateName;
        if (maps.Contains((@namespace, name)))
            return ClusterCheckLine.Pass(@namespace, $"is in ConfigMap {name}");
        if (plane.OtherRootCertificate is { } other)
            return ClusterCheckLine.Pass(@namespace, $"is in {other.Source}");
        return maps.Contains((plane.Namespace, name))
            ? ClusterCheckLine.Warn(@namespace,
                $"has no ConfigMap {name}, and the one of namespace {plane.Namespace} is used: istiod writes it into every "
                    + "namespace that it sees",
                $"read why istiod does not add it: kubectl -n {plane.Namespace} logs deployment/{ControlPlaneChecks.IstiodName(plane)}")
            : ClusterCheckLine.Skipped(@namespace, $"ConfigMap {name} was not found", "see Configuration above");
    }
}
