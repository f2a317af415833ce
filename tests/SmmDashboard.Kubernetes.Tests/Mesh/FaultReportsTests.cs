using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tests.Tokens;
using SmmDashboard.Kubernetes.Tests.Watching;

namespace SmmDashboard.Kubernetes.Tests.Mesh;

/// <summary>Many faults, as when a control plane comes and goes or a tenant makes thousands of objects.</summary>
public sealed class FaultReportsTests(RunningApiServer server)
{
    [Fact]
    public async Task ManyFaultsAreLoggedAsAHundredLinesAndACount()
    {
        await using var reporting = await StartAsync();

        reporting.Reports.Publish(Faults(10_000, "is wrong"));
        Assert.Equal(101, reporting.Log.Lines.Count);
        Assert.StartsWith("Warning: 9900 more faults of objects", reporting.Log.Lines[^1], StringComparison.Ordinal);

        reporting.Reports.Publish([]);
        Assert.Equal(202, reporting.Log.Lines.Count);
        Assert.Equal("Information: All faults of 9900 more objects are corrected", reporting.Log.Lines[^1]);
    }

    [Fact]
    public async Task TimeForManyFaultsGrowsLinearly()
    {
        await using var reporting = await StartAsync();
        var (some, others) = (Faults(60_000, "is wrong"), Faults(60_000, "is still wrong"));
        reporting.Reports.Publish(some);

        var watch = Stopwatch.StartNew();
        reporting.Reports.Publish(others);

        // With each fault looked for among all others it is half a minute.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4), $"it took {watch.Elapsed}");
    }

    [Fact]
    public async Task FaultThatEndsBeforeItsTurnGetsNoEventAndANewOneDoes()
    {
        await server.RequireAsync();
        var space = await WatchedConfigMaps.NewNamespaceAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var reporting = await StartAsync(proxy);
        await reporting.Reports.StartAsync(TestContext.Current.CancellationToken);

        reporting.Reports.Publish(Faults(200, "is wrong", space));
        await RunningDashboard.UntilAsync("there are Events", () => Task.FromResult(Events(proxy, space) >= 3));
        reporting.Reports.Publish(Faults(1, "is another fault", space));
        await RunningDashboard.UntilAsync("the new one has one", async () => (await NotesAsync(space)).Contains("is another fault"));

        var notes = await NotesAsync(space);
        Assert.InRange(notes.Count(note => note == "is wrong"), 3, 100);
        await reporting.Reports.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task NoteIsCutToTheLimitOfTheApiServer()
    {
        await server.RequireAsync();
        var space = await WatchedConfigMaps.NewNamespaceAsync(server);
        await using var reporting = await StartAsync();
        await reporting.Reports.StartAsync(TestContext.Current.CancellationToken);

        reporting.Reports.Publish(Faults(1, new string('ü', 900), space));
        await RunningDashboard.UntilAsync("there is an Event", async () => (await NotesAsync(space)).Count == 1);

        Assert.InRange(Encoding.UTF8.GetByteCount((await NotesAsync(space))[0]), 900, 1_024);
        await reporting.Reports.StopAsync(TestContext.Current.CancellationToken);
    }

    private static List<ObjectFault> Faults(int count, string message, string space = "vms") =>
        [.. Enumerable.Range(0, count)
            .Select(number => new ObjectFault(
                new("WorkloadGroup", space, $"group-{number}"), FaultReasons.MeshConfigInvalid, message, Blocks: true))];

    private static int Events(FaultProxy proxy, string space) =>
        proxy.Requests.Count(request => request.Contains($"/namespaces/{space}/events", StringComparison.Ordinal));

    private async Task<List<string>> NotesAsync(string space)
    {
        var text = await server.AdminAsync(HttpMethod.Get, $"apis/events.k8s.io/v1/namespaces/{space}/events");
        return [.. System.Text.Json.Nodes.JsonNode.Parse(text)!["items"]!.AsArray().Select(one => one!["note"]!.GetValue<string>())];
    }

    private async Task<Reporting> StartAsync(FaultProxy? proxy = null)
    {
        await server.RequireAsync();
        var address = proxy?.Address ?? server.Address;
        var api = new KubernetesApi(
            ApiSettings.InCluster(
                name => name == "KUBERNETES_SERVICE_HOST" ? address.Host : $"{address.Port}",
                server.ServiceAccountFolder(RunningApiServer.AdminToken), TimeProvider.System),
            TimeProvider.System);
        return new(api);
    }

    private sealed class Reporting : IAsyncDisposable
    {
        private readonly KubernetesApi _api;
        private readonly ClusterWatch _cluster;

        public Reporting(KubernetesApi api)
        {
            _api = api;
            var options = new KubernetesOptions { PublicUrl = RunningDashboard.PublicUrl, Replica = "one" };
            var fault = new BackgroundFailure(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
            _cluster = new ClusterWatch(api, options, TimeProvider.System, new Random(1), NullLogger<ClusterWatch>.Instance, fault);
            Reports = new FaultReports(api, _cluster, options, TimeProvider.System, Log, fault);
        }

        public TestLog<FaultReports> Log { get; } = new();

        public FaultReports Reports { get; }

        public ValueTask DisposeAsync()
        {
            Reports.Dispose();
            _cluster.Dispose();
            _api.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
