using System.Net;
using System.Text.Json.Nodes;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Mesh;

/// <summary>The configurations that VMs get, composed from the objects of a real API server.</summary>
[Collection(MeshCluster.Changes)]
public sealed class MeshServingTests(MeshCluster cluster) : IAsyncLifetime
{
    private const string Plain = "v1/namespaces/vms-plain/workloadgroups/analytics-v0";
    private const string Orders = "v1/namespaces/vms-revision/workloadgroups/orders";
    private const string EastWest = "istio-eastwestgateway";

    public async ValueTask InitializeAsync() => await cluster.RequireAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task EachReplicaServesTheBytesOfTheIstioctlInputs()
    {
        await using var first = await RunningDashboard.StartAsync(cluster.Server);
        await using var second = await RunningDashboard.StartAsync(cluster.Server);
        var composed = Cluster.Upstream.Compose();
        foreach (var (space, name, account) in ((string, string, string)[])[
            ("vms-plain", "analytics-v0", "default"), ("vms-plain", "bare", "default"), ("vms-revision", "orders", "orders"),
                ("vms-tag", "legacy", "default")])
        {
            var token = await cluster.TokenAsync(space, account);
            var path = $"v1/namespaces/{space}/workloadgroups/{name}/mesh-config";
            var answer = await first.CallAsync(HttpMethod.Get, path, token);
            Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
            Assert.Equal(System.Text.Encoding.UTF8.GetString(composed.Group(space, name).Served!.Body.Span), answer.Body);
            Assert.Equal(answer.ETag, (await second.CallAsync(HttpMethod.Get, path, token)).ETag);
        }
    }

    [Fact]
    public async Task MeshIsServedDuringASlowListOfWorkloadEntries()
    {
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        var end = new TaskCompletionSource();
        proxy.AnswerNext(request => request.Contains("/workloadentries?", StringComparison.Ordinal), async context =>
        {
            await end.Task.WaitAsync(context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            context.Abort();
        });
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server, address: proxy.Address, waits: false);
        var token = await cluster.TokenAsync("vms-plain", "default");

        await RunningDashboard.UntilAsync(
            "the configuration is served",
            async () => (await dashboard.CallAsync(HttpMethod.Get, $"{Plain}/mesh-config", token)).Status == HttpStatusCode.OK);

        Assert.Contains("list workloadentries", (await dashboard.ReadyAsync()).Text, StringComparison.Ordinal);
        end.SetResult();
    }

    [Fact]
    public async Task MeshOfTheSmmOperatorIsServedFromTheSameCluster()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var config = await dashboard.ConfigAsync(MeshCluster.SmmGroup, await cluster.TokenAsync("vm-smm", "default"));
        Assert.Equal("cp-v117x.istio-system", config.Mesh.IstioRevisionLabel);
        Assert.All(config.MeshExpansionGateways, gateway => Assert.NotEmpty(gateway.Addresses));
        Assert.NotEmpty(config.MeshExpansionGateways);
    }

    [Fact]
    public async Task ChangedGatewayAnswersOnlyTheHeldRequestsOfItsGroups()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var (token, smmToken) = (await cluster.TokenAsync("vms-plain", "default"), await cluster.TokenAsync("vm-smm", "default"));
        var etag = (await dashboard.CallAsync(HttpMethod.Get, $"{Plain}/mesh-config", token)).ETag!;
        var smmTag = (await dashboard.CallAsync(HttpMethod.Get, $"{MeshCluster.SmmGroup}/mesh-config", smmToken)).ETag!;
        var held = HoldAsync(dashboard, Plain, token, etag);
        var other = HoldAsync(dashboard, MeshCluster.SmmGroup, smmToken, smmTag);
        await HeldAsync(dashboard, new("vms-plain", "analytics-v0"), new("vm-smm", "analytics-v0"));
        var before = await IngressAsync();
        try
        {
            await PatchIngressAsync("[{\"ip\":\"198.18.0.77\"}]");
            var answer = await held;
            Assert.Contains("198.18.0.77", answer.Body, StringComparison.Ordinal);
            Assert.False(other.IsCompleted);
        }
        finally
        {
            await PatchIngressAsync(before);
        }

        await dashboard.App.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, (await other).Status); // a replica that ends answers its held requests
    }

    public static TheoryData<string, string, string, string, string> InvalidEdits() => new()
    {
        { "WorkloadGroup", "vms-plain", "analytics-v0", """{"spec":{"metadata":{"labels":{"bad label!":"x"}}}}""", "bad label!" },
        { "WorkloadGroup", "vms-plain", "analytics-v0",
            $$"""{"metadata":{"annotations":{"proxy.istio.io/config":"{{new string('x', 200_000)}}"} } }""", "proxy.istio.io/config" },
        { "WorkloadGroup", "vms-plain", "analytics-v0", """{"metadata":{"labels":{"istio.io/rev":"nowhere"}}}""",
            "asks for revision 'nowhere'" },
        { "ConfigMap", "istio-system", "istio", """{"data":{"mesh":"defaultConfig: ["}}""", "mesh" },
        { "ConfigMap", "vms-plain", "istio-ca-root-cert", """{"data":{"root-cert.pem":"no certificate"}}""", "root" },
        { "Service", "istio-system", EastWest, ManyAddresses(), "as a gateway" },
    };

    [Theory]
    [MemberData(nameof(InvalidEdits))]
    public async Task InvalidEditKeepsTheLastGoodConfigurationAndIsReportedToVmAndCluster(
        string kind, string space, string name, string patch, string reason)
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var token = await cluster.TokenAsync("vms-plain", "default");
        var good = await dashboard.ConfigAsync(Plain, token);
        Assert.Null(good.Problems);
        var before = await cluster.GetAsync(kind, space, name);
        await cluster.ChangeAsync(kind, space, name, patch);
        try
        {
            await RunningDashboard.UntilAsync(
                "the problem is served", async () => (await dashboard.ConfigAsync(Plain, token)).Problems is not null);
            var served = await dashboard.ConfigAsync(Plain, token);
            Assert.Equal(JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(good))!.ToJsonString(),
                JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(served with { Problems = null }))!.ToJsonString());
            Assert.Contains(served.Problems!, problem => problem.StartsWith($"{kind} {space}/{name}: ", StringComparison.Ordinal)
                && problem.Contains(reason, StringComparison.Ordinal));

            var uid = before["metadata"]!["uid"]!.GetValue<string>();
            JsonNode? made = null;
            await RunningDashboard.UntilAsync("there is an Event", async () =>
            {
                made = (await cluster.ListAsync($"apis/events.k8s.io/v1/namespaces/{space}/events"))["items"]!.AsArray()
                    .LastOrDefault(one => one!["regarding"]!["uid"]?.GetValue<string>() == uid
                        && one["note"]!.GetValue<string>().Contains(reason, StringComparison.Ordinal));
                return made is not null;
            });
            Assert.Equal(("Warning", name, kind),
                (made!["type"]!.GetValue<string>(), made["regarding"]!["name"]!.GetValue<string>(),
                    made["regarding"]!["kind"]!.GetValue<string>()));
        }
        finally
        {
            await cluster.RestoreAsync(kind, space, name, before);
        }

        await RunningDashboard.UntilAsync("the problem is gone", async () => (await dashboard.ConfigAsync(Plain, token)).Problems is null);
    }

    [Fact]
    public async Task GroupThatWasNeverValidIsAnsweredOnlyToItsOwnAccount()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        await cluster.ApplyAsync("""
            apiVersion: networking.istio.io/v1beta1
            kind: WorkloadGroup
            metadata: { name: broken, namespace: vms-plain, labels: { istio.io/rev: nowhere } }
            spec: { template: { network: network1, serviceAccount: default } }
            """);
        try
        {
            var (own, other) = (await cluster.TokenAsync("vms-plain", "default"), await cluster.TokenAsync("vms-revision", "orders"));
            const string path = "v1/namespaces/vms-plain/workloadgroups/broken/mesh-config";
            Reply? answer = null;
            await RunningDashboard.UntilAsync("it is known", async () =>
            {
                answer = await dashboard.CallAsync(HttpMethod.Get, path, own);
                return answer.Body.Contains("nowhere", StringComparison.Ordinal);
            });
            answer!.IsProblem(HttpStatusCode.NotFound, "workload-group-not-found");
            (await dashboard.CallAsync(HttpMethod.Get, path, other)).IsProblem(HttpStatusCode.Forbidden, "not-this-workload-group");
        }
        finally
        {
            await cluster.DeleteAsync("WorkloadGroup", "vms-plain", "broken");
        }
    }

    [Fact]
    public async Task StatusAndApiAreServedOnlyAtTheirOwnAddresses()
    {
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server);
        var token = await cluster.TokenAsync("vms-plain", "default");
        foreach (var path in (string[])["readyz", "metrics"])
        {
            using var atApi = await dashboard.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, atApi.StatusCode);
        }

        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"{Plain}/mesh-config")
        { Headers = { Authorization = new("Bearer", token) } };
        using var atStatus = await dashboard.Status.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, atStatus.StatusCode);
        var metrics = await dashboard.Status.GetStringAsync("metrics", TestContext.Current.CancellationToken);
        Assert.Equal(MetricDocs.OfDashboard(inCluster: true), MetricDocs.FromText(metrics));
        if (Promtool.Missing is null)
            Assert.Equal((0, ""), Promtool.CheckMetrics(metrics));
        Assert.Contains("smm_dashboard_workload_groups{configuration=\"current\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_watch_age_seconds{kind=\"workloadgroups.networking.istio.io\"}", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigurationsAreServedDuringAnOutageAndANewReplicaIsNotReady()
    {
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        await using var dashboard = await RunningDashboard.StartAsync(cluster.Server, address: proxy.Address);
        var token = await cluster.TokenAsync("vms-plain", "default");
        await dashboard.ConfigAsync(Plain, token);
        var unknown = await cluster.TokenAsync("vms-revision", "orders");
        proxy.RefuseAll();
        await using var late = await RunningDashboard.StartAsync(cluster.Server, address: proxy.Address, waits: false);
        await RunningDashboard.UntilAsync(
            "the reason is known", async () => (await late.ReadyAsync()).Text.Contains("namespaces", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await late.ReadyAsync()).Status);
        (await late.CallAsync(HttpMethod.Get, $"{Plain}/mesh-config", token)).IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");

        await dashboard.ConfigAsync(Plain, token); // its review is remembered
        Assert.Equal(HttpStatusCode.OK, (await dashboard.ReadyAsync()).Status);
        (await dashboard.CallAsync(HttpMethod.Get, $"{Orders}/mesh-config", unknown)).IsProblem(
            HttpStatusCode.ServiceUnavailable, "unavailable");
        proxy.Serve();
        await late.UntilReadyAsync();
        await late.ConfigAsync(Plain, token);
    }

    // A load balancer of a cloud that has gone wild.
    private static string ManyAddresses() =>
        new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["loadBalancer"] =
                    new JsonObject
                    {
                        ["ingress"] =
                        new JsonArray(
                            [.. Enumerable.Range(0, 10_000)
                                .Select(i => new JsonObject { ["ip"] = $"198.{18 + (i / 65536)}.{i / 256 % 256}.{i % 256}" })])
                    },
            },
        }.ToJsonString();

    private static Task<Reply> HoldAsync(RunningDashboard dashboard, string group, string token, string etag) =>
        dashboard.CallAsync(HttpMethod.Get, $"{group}/mesh-config", token, null, ("If-None-Match", etag), ("Prefer", "wait=55"));

    private static Task HeldAsync(RunningDashboard dashboard, params SmmDashboard.Groups.GroupId[] groups) => RunningDashboard.UntilAsync(
        "the requests are held", () => Task.FromResult(groups.All(group => dashboard.Current.Find(group)!.Waiting > 0)));

    private async Task<string> IngressAsync() =>
        (await cluster.ListAsync(
            $"api/v1/namespaces/istio-system/services/{EastWest}"))["status"]!["loadBalancer"]!["ingress"]!.ToJsonString();

    private Task PatchIngressAsync(string ingress) =>
        cluster.PatchStatusAsync("Service", "istio-system", EastWest, "{\"status\":{\"loadBalancer\":{\"ingress\":" + ingress + "}}}");
}
