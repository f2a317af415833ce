using System.Net;
using System.Text.Json;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Checks;
using SmmDashboard.Kubernetes.Rights;

namespace SmmDashboard.Kubernetes.Tests.Checks;

/// <summary>The check of the rights of an account, against a real API server with RBAC.</summary>
[Collection(CheckedCluster.Tests)]
public sealed class ClusterCheckRightsTests(CheckedCluster cluster)
{
    private static readonly string[] Range = ["--cluster-range", "10.96.0.0/24"];

    /// <summary>The rules that it prints are exactly what RBAC needs: applied as they are printed, nothing is missing.</summary>
    [Fact]
    public async Task AccountWithoutRightsGetsOneLinePerRightAndTheRulesOfTheLinesSuffice()
    {
        await cluster.RequireAsync();
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        await cluster.AccountAsync(account);
        string[] arguments = [.. Range, "--account", $"{account.Namespace}/{account.Name}", "--output", "json"];
        var served = new List<Right>();
        foreach (var right in DashboardRights.All(CheckedCluster.Places))
        {
            if (await IsServedAsync(right))
                served.Add(right);
        }

        var before = Fixes((await cluster.CheckAsync(arguments)).Output);
        Assert.Equal(served.Select(right => right.Fix).Order(StringComparer.Ordinal),
            before.Where(fix => fix.StartsWith("add to ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        await cluster.GrantAsync(served, account.Name, account);
        IReadOnlyList<string> missing;
        do
            missing = [.. Fixes((await cluster.CheckAsync(arguments)).Output)
                .Where(fix => fix.StartsWith("add to ", StringComparison.Ordinal))];
        while (missing.Count is > 0 and < 40); // the authorizer learns of bindings by a watch of its own
        Assert.Empty(missing);
    }

    /// <summary>As in the pod: with the dashboard's rights and no others.</summary>
    [Fact]
    public async Task DashboardAccountSkipsTheChecksThatNeedAnAdministrator()
    {
        await cluster.RequireAsync();
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        var kubeconfig = cluster.WriteKubeconfig(account.Name, cluster.Server.Address, await cluster.AccountAsync(account));
        await cluster.GrantAsync(DashboardRights.All(CheckedCluster.Places), account.Name, account);
        using var api = new KubernetesApi(ApiSettings.FromKubeconfig(kubeconfig, TimeProvider.System), TimeProvider.System);
        var options = new CheckOptions { IsOwnAccount = true, ClusterRanges = [IPNetwork.Parse("10.96.0.0/24")] };

        ClusterCheckReport report;
        using var atMost = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
            report = await ClusterCheck.RunAsync(api, cluster.Server.Address, options, TimeProvider.System, atMost.Token);
        while (report.Summary.Failed > 0); // the authorizer learns of bindings by a watch of its own

        Assert.Equal(0, report.Summary.Warnings);
        var skipped = report.Checks.Where(check => check.Results.Any(line => line.Status == "skipped")).ToList();
        Assert.Equal(["control-plane-exposure", "rights-account"], skipped.Select(check => check.Id));
        Assert.All(skipped[0].Results,
            line => Assert.Equal("run it with an administrator's kubeconfig: smm-dashboard check --kubernetes --kubeconfig FILE",
                line.Fix));
    }

    [Fact]
    public async Task RightsAreSkippedWithAKubeconfigThatMayNotReviewThoseOfOthers()
    {
        await cluster.RequireAsync();
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        var kubeconfig = cluster.WriteKubeconfig(account.Name, cluster.Server.Address, await cluster.AccountAsync(account));

        var (exitCode, output, error) = await cluster.CheckAsync([.. Range, "--kubeconfig", kubeconfig]);

        Assert.Equal((1, ""), (exitCode, error));
        Assert.Contains("  – Cluster           create subjectaccessreviews.authorization.k8s.io is forbidden to ", output,
            StringComparison.Ordinal);
        Assert.Contains(
            "      → run it as an administrator, or in the pod: kubectl -n smm-dashboard exec deployment/smm-dashboard -- smm-dashboard "
                + "check --kubernetes\n", output, StringComparison.Ordinal);
    }

    private async Task<bool> IsServedAsync(Right right)
    {
        if (right.Group.Length == 0)
            return true;

        using var groups = JsonDocument.Parse(await cluster.Server.AdminAsync(HttpMethod.Get, "apis"));
        foreach (var version in groups.RootElement.GetProperty("groups").EnumerateArray()
            .Where(group => group.GetProperty("name").GetString() == right.Group)
            .SelectMany(group => group.GetProperty("versions").EnumerateArray()))
        {
            using var kinds = JsonDocument.Parse(
                await cluster.Server.AdminAsync(HttpMethod.Get, $"apis/{version.GetProperty("groupVersion").GetString()}"));
            if (kinds.RootElement.GetProperty("resources").EnumerateArray()
                .Any(kind => kind.GetProperty("name").GetString() == right.Resource))
                return true;
        }

        return false;
    }

    private static List<string> Fixes(string output)
    {
        using var report = JsonDocument.Parse(output);
        return
        [
            .. from check in report.RootElement.GetProperty("checks").EnumerateArray()
               from line in check.GetProperty("results").EnumerateArray()
               where line.GetProperty("status").GetString() == "fail"
               select line.GetProperty("cure").GetString()!,
        ];
    }
}
