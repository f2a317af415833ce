using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Registration;

/// <summary>Registration, as an agent asks for it, from the WorkloadEntries of a real API server.</summary>
[Collection(MeshCluster.Changes)]
public sealed class RegistrationServingTests(MeshCluster cluster) : IAsyncLifetime
{
    private const string Space = "vms-plain";
    private const string Group = $"v1/namespaces/{Space}/workloadgroups/analytics-v0";
    private const string Address = "192.0.2.44";
    private const string Entry = $"analytics-v0-{Address}-vm-network-1";

    public async ValueTask InitializeAsync() => await cluster.RequireAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task VmIsRegisteredOnBothReplicasWhileItsEntryExists()
    {
        await using var first = await RunningDashboard.StartAsync(cluster.Server);
        await using var second = await RunningDashboard.StartAsync(cluster.Server);
        var agent = await AgentAsync(first);
        await agent.ReportAsync(Address, second);
        Assert.Equal((false, RegistrationReasons.NotConnected), Of(await agent.RegistrationAsync()));

        await MakeAsync(agent.Uuid, "default");
        try
        {
            foreach (var replica in (RunningDashboard[])[first, second])
                await UntilAsync(agent, replica, RegistrationReasons.Registered);
        }
        finally
        {
            await cluster.DeleteAsync("WorkloadEntry", Space, Entry);
        }

        await UntilAsync(agent, first, RegistrationReasons.NotConnected);
    }

    [Fact]
    public async Task EntryOfAnUnservedRevisionIsStaleAndTheAnswerNamesTheDeleteCommand()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var agent = await AgentAsync(dashboard);
        await MakeAsync(Guid.NewGuid(), "gone");
        try
        {
            await UntilAsync(agent, dashboard, RegistrationReasons.StaleEntry);
            Assert.Contains($"kubectl -n {Space} delete workloadentry {Entry}", (await agent.RegistrationAsync()).Message,
                StringComparison.Ordinal);
        }
        finally
        {
            await cluster.DeleteAsync("WorkloadEntry", Space, Entry);
        }
    }

    [Fact]
    public async Task MissingServiceAccountIsReported()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var token = await cluster.TokenAsync("vms-revision", "orders");
        var agent = new TestAgent(dashboard, "v1/namespaces/vms-revision/workloadgroups/orders", token);
        Assert.Equal(HttpStatusCode.NoContent, (await agent.ReportAsync(Address)).Status);
        await cluster.DeleteAsync("ServiceAccount", "vms-revision", "orders");
        try
        {
            var answer = await agent.RegistrationAsync(); // the token's review is remembered for two minutes
            Assert.Equal(RegistrationReasons.TokenRefused, answer.Reason);
            Assert.Contains("kubectl -n vms-revision create serviceaccount orders", answer.Message, StringComparison.Ordinal);
        }
        finally
        {
            await cluster.ApplyAsync("{apiVersion: v1, kind: ServiceAccount, metadata: {name: orders, namespace: vms-revision}}");
        }
    }

    [Fact]
    public async Task ConcurrentRequestsOfVmsAreOneLookupOfTheirServiceAccount()
    {
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server, address: proxy.Address);
        var agent = await AgentAsync(dashboard);
        const string Account = $"/api/v1/namespaces/{Space}/serviceaccounts/default";
        var (asked, answered) = (new TaskCompletionSource(), new TaskCompletionSource());
        for (var times = 0; times < 20; times++)
        {
            proxy.AnswerNext(request => request == Account, async context =>
            {
                asked.TrySetResult();
                await answered.Task.WaitAsync(context.RequestAborted);
                context.Response.StatusCode = 404;
            });
        }

        var questions = Enumerable.Range(0, 20).Select(_ => agent.RegistrationAsync()).ToList();
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var last = agent.RegistrationAsync();
        answered.SetResult();
        questions.Add(last);

        Assert.All(await Task.WhenAll(questions), answer => Assert.Equal(RegistrationReasons.TokenRefused, answer.Reason));
        Assert.Single(proxy.Requests, Account);
    }

    private async Task<TestAgent> AgentAsync(RunningDashboard dashboard)
    {
        var agent = new TestAgent(dashboard, Group, await cluster.TokenAsync(Space, "default"));
        var reply = await agent.ReportAsync(Address);
        Assert.True(reply.Status == HttpStatusCode.NoContent, reply.ToString());
        return agent;
    }

    // As istiod writes it.
    private Task MakeAsync(Guid uuid, string revision) => cluster.ApplyAsync($$"""
        apiVersion: networking.istio.io/v1beta1
        kind: WorkloadEntry
        metadata:
          name: {{Entry}}
          namespace: {{Space}}
          labels: { app: analytics, version: v0, istio.io/rev: "{{revision}}", smm-agent.io/uuid: "{{uuid}}" }
          annotations:
            istio.io/autoRegistrationGroup: analytics-v0
            istio.io/workloadController: istiod-1
            istio.io/connectedAt: "2026-11-20T19:20:21.123456789Z"
        spec: { address: {{Address}}, network: vm-network-1, serviceAccount: default }
        """);

    private static Task UntilAsync(TestAgent agent, RunningDashboard replica, string reason) =>
        RunningDashboard.UntilAsync($"the reason is {reason}", async () => (await agent.RegistrationAsync(replica)).Reason == reason);

    private static (bool Registered, string Reason) Of(SmmAgent.Contract.Registration answer) => (answer.Registered, answer.Reason);
}
