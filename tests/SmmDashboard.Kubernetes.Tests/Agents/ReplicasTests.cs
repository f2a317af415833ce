using System.Net;
using System.Text.Json.Nodes;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>Two whole replicas of the dashboard, as an agent sees them.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class ReplicasTests(RunningApiServer server)
{
    private const string Space = "vms-plain";

    [Fact]
    public async Task ReportedAgentIsKnownToOtherAndLaterReplicas()
    {
        var cluster = new MeshCluster(server);
        await cluster.RequireAsync();
        await MachineKind.InstallAsync(server);
        await using var first = await RunningDashboard.StartAsync(server);
        await using var second = await RunningDashboard.StartAsync(server);
        var agent = new TestAgent(first, $"v1/namespaces/{Space}/workloadgroups/analytics-v0", await cluster.TokenAsync(Space, "default"));

        var reply = await agent.ReportAsync("192.0.2.45");
        Assert.True(reply.Status == HttpStatusCode.NoContent, reply.ToString());

        Assert.Equal(RegistrationReasons.NotConnected, (await agent.RegistrationAsync(second)).Reason);
        await using var third = await RunningDashboard.StartAsync(server);
        Assert.Equal(RegistrationReasons.NotConnected, (await agent.RegistrationAsync(third)).Reason);
        var machine = JsonNode.Parse(
            await server.AdminAsync(HttpMethod.Get, $"{MachineKind.Api}/namespaces/{Space}/attachedmachines/{agent.Uuid:D}"))!;
        Assert.Equal("192.0.2.45", (string?)machine["status"]!["address"]);
        Assert.Equal("networking.istio.io/v1", (string?)machine["metadata"]!["ownerReferences"]![0]!["apiVersion"]);
        Assert.Contains("smm_dashboard_machines_in_memory 0\n",
            await first.Status.GetStringAsync("metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
