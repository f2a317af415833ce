using System.Reflection;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Rights;

namespace SmmDashboard.Kubernetes.Checking;

/// <summary>Reports what a cluster lacks for VMs to attach. The check changes nothing.</summary>
public static class ClusterCheck
{
    private static readonly string Version =
        typeof(ClusterCheck).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static async Task<CheckReport> RunAsync(
        KubernetesApi api, Uri server, CheckOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (started, checks) = (time.GetUtcNow(), new List<ReportedCheck>());
        string? version = null;
        try
        {
            version = (await api.FindAsync("get version", "version", CheckJson.Default.ServerVersion, cancellationToken))?.GitVersion
                ?? "of an unknown version";
            Add(Check.ApiServer, CheckLine.Pass(null, $"{server.GetLeftPart(UriPartial.Authority)} answers, Kubernetes {version}"));
        }
        catch (ApiException fault)
        {
            Add(Check.ApiServer, CheckLine.Fail(null, fault.Message, "cure this first: nothing else can be looked at"));
            return Report();
        }

        var look = await ClusterLook.AtAsync(api, options.Mesh, cancellationToken);
        Add(Check.IstioKinds, [.. KubernetesChecks.IstioKinds(look)]);
        Add(Check.Machines, await KubernetesChecks.MachinesAsync(api, look, cancellationToken));
        Add(Check.Objects, [.. KubernetesChecks.Objects(look)]);
        Add(Check.ServiceRange, KubernetesChecks.ServiceRange(look, options.ClusterRanges));
        Add(Check.Planes, [.. ControlPlaneChecks.Planes(look, options.Mesh)]);
        Add(Check.Tags, [.. ControlPlaneChecks.Tags(look)]);
        Add(Check.Registration, [.. ControlPlaneChecks.Registration(look)]);
        Add(Check.Gateways, [.. ControlPlaneChecks.Gateways(look)]);
        Add(Check.Exposure, [.. ExposureCheck.Of(look)]);
        Add(Check.Configuration, [.. WorkloadGroupChecks.Configuration(look)]);
        Add(Check.Namespaces, [.. WorkloadGroupChecks.Namespaces(look)]);
        Add(Check.Accounts, [.. await WorkloadGroupChecks.AccountsAsync(api, look, cancellationToken)]);
        Add(Check.RootCertificates, [.. WorkloadGroupChecks.RootCertificates(look)]);
        Add(Check.Entries, [.. WorkloadGroupChecks.Entries(look)]);
        await AddRightsAsync(look);
        return Report();

        async Task AddRightsAsync(ClusterLook at)
        {
            var places = DashboardPlaces.Of(options.Account.Namespace, options.Mesh.IstioNamespaces, options.Mesh.Gateways, at.Mesh);
            var rights = new RightsChecks(new AccessReviews(api, options.IsOwnAccount ? null : options.Account));
            Add(Check.Account, options.IsOwnAccount
                ? CheckLine.Skipped(null, "this program's own rights follow")
                : await WorkloadGroupChecks.AccountAsync(api, options.Account, cancellationToken));
            Add(Check.RightsOfCluster,
                [.. await rights.OfAsync(
                    [(null, [.. DashboardRights.ClusterOptions(places.RootCertificates), .. DashboardRights.OfDefaultNamespace])],
                    cancellationToken)]);
            Add(Check.RightsOfIstio, [.. await rights.OfAsync(
                [
                    .. places.IstioNamespaces.Select(name => ((string?)name, DashboardRights.OfIstioNamespace(name))),
                    .. places.GatewayNamespaces.Except(places.IstioNamespaces)
                        .Select(name => ((string?)name, DashboardRights.OfGatewayNamespace(name))),
                ], cancellationToken)]);
            Add(
                Check.RightsOfOwn,
                [.. await rights.OfAsync([(places.OwnNamespace, DashboardRights.OfOwnNamespace(places.OwnNamespace))], cancellationToken)]);
            Add(
                Check.RightsOfVms,
                [.. await rights.OfAsync(
                    places.Accounts.GroupBy(account => account.Namespace).OrderBy(accounts => accounts.Key, StringComparer.Ordinal)
                .Select(
                    accounts => ((string?)accounts.Key,
                        DashboardRights.OfVmNamespace(accounts.Key, accounts.Select(account => account.Name)))), cancellationToken)]);
        }

        void Add(Check check, params CheckLine[] lines)
        {
            if (lines.Length > 0)
                checks.Add(ReportedCheck.Of(check, lines));
        }

        CheckReport Report() => new(Version, server.GetLeftPart(UriPartial.Authority), version, started, CheckSummary.Of(checks), checks);
    }
}
