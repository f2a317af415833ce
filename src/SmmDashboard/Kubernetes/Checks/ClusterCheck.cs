using System.Reflection;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Rights;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>Reports what a cluster lacks for VMs to attach. The check changes nothing.</summary>
public static class ClusterCheck
{
    private static readonly string Version =
        typeof(ClusterCheck).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static async Task<ClusterCheckReport> RunAsync(
        KubernetesApi api, Uri server, CheckOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (started, checks) = (time.GetUtcNow(), new List<ReportedClusterCheck>());
        string? version = null;
        try
        {
            version = (await api.FindAsync("get version", "version", ClusterCheckJson.Default.ServerVersion, cancellationToken))?.GitVersion
                ?? "of an unknown version";
            Add(ClusterCheckDefinition.ApiServer,
                ClusterCheckLine.Pass(null, $"{server.GetLeftPart(UriPartial.Authority)} answers, Kubernetes {version}"));
        }
        catch (ApiException fault)
        {
            Add(ClusterCheckDefinition.ApiServer, ClusterCheckLine.Fail(null, fault.Message, "correct this first: no other check can run"));
            return Report();
        }

        var observed = await ClusterObservation.AtAsync(api, options.Mesh, cancellationToken);
        Add(ClusterCheckDefinition.IstioKinds, [.. KubernetesChecks.IstioKinds(observed)]);
        Add(ClusterCheckDefinition.Machines, await KubernetesChecks.MachinesAsync(api, observed, cancellationToken));
        Add(ClusterCheckDefinition.Objects, [.. KubernetesChecks.Objects(observed)]);
        Add(ClusterCheckDefinition.ServiceRange, KubernetesChecks.ServiceRange(observed, options.ClusterRanges));
        Add(ClusterCheckDefinition.Planes, [.. ControlPlaneChecks.Planes(observed, options.Mesh)]);
        Add(ClusterCheckDefinition.Tags, [.. ControlPlaneChecks.Tags(observed)]);
        Add(ClusterCheckDefinition.Registration, [.. ControlPlaneChecks.Registration(observed)]);
        Add(ClusterCheckDefinition.Gateways, [.. ControlPlaneChecks.Gateways(observed)]);
        Add(ClusterCheckDefinition.Exposure, [.. ExposureCheck.Evaluate(observed)]);
        Add(ClusterCheckDefinition.Configuration, [.. WorkloadGroupChecks.Configuration(observed)]);
        Add(ClusterCheckDefinition.Namespaces, [.. WorkloadGroupChecks.Namespaces(observed)]);
        Add(ClusterCheckDefinition.Accounts, [.. await WorkloadGroupChecks.AccountsAsync(api, observed, cancellationToken)]);
        Add(ClusterCheckDefinition.RootCertificates, [.. WorkloadGroupChecks.RootCertificates(observed)]);
        Add(ClusterCheckDefinition.Entries, [.. WorkloadGroupChecks.Entries(observed)]);
        await AddRightsAsync(observed);
        return Report();

        async Task AddRightsAsync(ClusterObservation at)
        {
            var places = DashboardPlaces.From(options.Account.Namespace, options.Mesh.IstioNamespaces, options.Mesh.Gateways, at.Mesh);
            var rights = new RightsChecks(new AccessReviews(api, options.IsOwnAccount ? null : options.Account));
            Add(ClusterCheckDefinition.Account, options.IsOwnAccount
                ? ClusterCheckLine.Skipped(null, "this program's own rights follow")
                : await WorkloadGroupChecks.AccountAsync(api, options.Account, cancellationToken));
            Add(ClusterCheckDefinition.RightsOfCluster,
                [.. await rights.OfAsync(
                    [(null, [.. DashboardRights.ClusterOptions(places.RootCertificates), .. DashboardRights.OfDefaultNamespace])],
                    cancellationToken)]);
            Add(ClusterCheckDefinition.RightsOfIstio, [.. await rights.OfAsync(
                [
                    .. places.IstioNamespaces.Select(name => ((string?)name, DashboardRights.ForIstioNamespace(name))),
                    .. places.GatewayNamespaces.Except(places.IstioNamespaces)
                        .Select(name => ((string?)name, DashboardRights.ForGatewayNamespace(name))),
                ], cancellationToken)]);
            Add(
                ClusterCheckDefinition.RightsOfOwn,
                [.. await rights.OfAsync(
                    [(places.OwnNamespace, DashboardRights.ForOwnNamespace(places.OwnNamespace))], cancellationToken)]);
            Add(
                ClusterCheckDefinition.RightsOfVms,
                [.. await rights.OfAsync(
                    places.Accounts.GroupBy(account => account.Namespace).OrderBy(accounts => accounts.Key, StringComparer.Ordinal)
                .Select(
                    accounts => ((string?)accounts.Key,
                        DashboardRights.ForVmNamespace(accounts.Key, accounts.Select(account => account.Name)))), cancellationToken)]);
        }

        void Add(ClusterCheckDefinition check, params ClusterCheckLine[] lines)
        {
            if (lines.Length > 0)
                checks.Add(ReportedClusterCheck.From(check, lines));
        }

        ClusterCheckReport Report() =>
            new(Version, server.GetLeftPart(UriPartial.Authority), version, started, ClusterCheckSummary.From(checks), checks);
    }
}
