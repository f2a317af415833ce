using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SmmAgent.Contract;
using SmmDashboard.DialBack;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Checks;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.DialBack;

/// <summary>
/// A dial-back, as an agent asks for it, never goes to the cluster's own addresses; and what the dashboard answers where a right for it is
/// missing.
/// </summary>
[Collection(CheckedCluster.Tests)]
public sealed class DialBackServingTests(CheckedCluster cluster)
{
    private const string OtherNetwork = "v1/namespaces/vms-plain/workloadgroups/analytics-v0";
    private const string SameNetwork = "v1/namespaces/vms-plain/workloadgroups/bare";

    [Fact]
    public async Task ClusterAddressIsRefusedWithItsReason()
    {
        await cluster.RequireAsync();
        await using var node = await NodeAsync("198.51.100.77", "10.200.1.0/24");
        await using var dashboard = await RunningDashboard.StartAsync(
            cluster.Server, options => options with { ClusterRanges = [IPNetwork.Parse("10.96.0.0/24")] });

        await UntilKnownAsync(dashboard, "198.51.100.77");

        await AssertRefusedAsync(
            dashboard, OtherNetwork, "198.51.100.77", "198.51.100.77 is not dialled: it is an address of node node-77");
        await AssertRefusedAsync(dashboard, SameNetwork, "198.51.100.77", "198.51.100.77 is not dialled: it is an address of node node-77");
        await AssertRefusedAsync(
            dashboard, OtherNetwork, "10.96.0.10", "10.96.0.10 is not dialled: it is in the cluster's own range 10.96.0.0/24");
        await AssertRefusedAsync(
            dashboard, OtherNetwork, "10.200.1.9", "10.200.1.9 is not dialled: it is in the pod range 10.200.1.0/24 of node node-77");
    }

    /// <summary>A VM of the cluster's network may have an address there.</summary>
    [Fact]
    public async Task PodRangeDoesNotCountForVmsOfTheClusterNetwork()
    {
        await cluster.RequireAsync();
        await using var node = await NodeAsync("198.51.100.78", "10.201.1.0/24");
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var ranges = dashboard.App.Services.GetRequiredService<IClusterRanges>();
        await UntilKnownAsync(dashboard, "10.201.1.9");

        Assert.Null(await ranges.FindReasonAsync(
            IPAddress.Parse("10.201.1.9"), NetworkModel.SameNetwork, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReplicaWithoutARightIsReadyAndReportsTheMissingRule()
    {
        await cluster.RequireAsync();
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        var token = await cluster.AccountAsync(account);
        await cluster.GrantAsync(
            DashboardRights.All(CheckedCluster.Places).Where(right => right.Resource != "nodes"), account.Name, account);
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server, token: token);

        const string line = "limited: may not list, watch nodes, so a dial-back could go to a node: "
            + """add to ClusterRole smm-dashboard: {apiGroups: [""], resources: [nodes], verbs: [list, watch]}""";
        await RunningDashboard.UntilAsync(line, async () => (await dashboard.ReadyAsync()).Text.Split('\n').Contains(line));

        Assert.Equal(HttpStatusCode.OK, (await dashboard.ReadyAsync()).Status);
    }

    // The first list may be a moment older than the newest object; the watch brings the rest.
    private static Task UntilKnownAsync(RunningDashboard dashboard, string address) => RunningDashboard.UntilAsync(
        $"{address} is the cluster's", async () => await dashboard.App.Services.GetRequiredService<IClusterRanges>()
            .FindReasonAsync(IPAddress.Parse(address), NetworkModel.DifferentNetwork, TestContext.Current.CancellationToken) is not null);

    private async Task AssertRefusedAsync(RunningDashboard dashboard, string group, string address, string reason)
    {
        var agent = new TestAgent(dashboard, group, await cluster.TokenAsync("vms-plain", "default"));
        Assert.Equal(HttpStatusCode.NoContent, (await agent.ReportAsync(address)).Status);

        var reply = await agent.DialBackAsync();

        reply.IsProblem((HttpStatusCode)422, ProblemCodes.AddressNotAllowed);
        Assert.Equal(reason, JsonNode.Parse(reply.Body)!["detail"]!.GetValue<string>());
    }

    private async Task<IAsyncDisposable> NodeAsync(string address, string pods)
    {
        var name = $"node-{address[(address.LastIndexOf('.') + 1)..]}";
        var made = await cluster.ChangedAsync(
            "create", "api/v1/nodes",
            $"{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, spec: {{podCIDR: {pods}, podCIDRs: [{pods}]}}}}");
        await cluster.Server.AdminAsync(HttpMethod.Patch, $"api/v1/nodes/{name}/status",
            $$$"""{"status":{"addresses":[{"type":"InternalIP","address":"{{{address}}}"}]}}""", "application/merge-patch+json");
        return made;
    }
}
