using System.Collections.Concurrent;
using System.Net;
using SmmDashboard.Kubernetes.Tests.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Mesh;

/// <summary>Two replicas and 200 agents, while one replica and then the API server is killed.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class FleetOutageTests(RunningApiServer server)
{
    private const int Agents = 200;
    private const string Group = "v1/namespaces/vms-plain/workloadgroups/analytics-v0";

    [Fact]
    public async Task OutageRefusesNoAgentAndLosesNoReport()
    {
        var cluster = new MeshCluster(server);
        await cluster.RequireAsync();
        await MachineKind.InstallAsync(server);
        var token = await cluster.TokenAsync("vms-plain", "default");
        await using var second = await RunningDashboard.StartAsync(server);
        var first = await RunningDashboard.StartAsync(server);
        var answers = new ConcurrentDictionary<HttpStatusCode, int>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        FleetAgent[] fleet = [.. Enumerable.Range(0, Agents)
            .Select(i => new FleetAgent(new TestAgent(first, Group, token), $"192.0.2.{i % 250}", token, answers))];
        RunningDashboard[] replicas = [first, second];
        var running = fleet.Select(agent => agent.RunAsync(() => Volatile.Read(ref replicas), end.Token)).ToList();
        await AllReportAgainAsync(fleet, "attached");

        Volatile.Write(ref replicas, [second]);
        await first.DisposeAsync(); // within no time: what is held breaks
        await AllReportAgainAsync(fleet, "one replica is gone");

        await server.KillAsync();
        try
        {
            await AllReportAgainAsync(fleet, "the API server is away");
        }
        finally
        {
            await server.StartServerAsync();
        }

        await AllReportAgainAsync(fleet, "the API server is back");
        await end.CancelAsync();
        await Task.WhenAll(running);

        Assert.DoesNotContain(answers.Keys,
            status => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            or HttpStatusCode.InternalServerError);
        Assert.DoesNotContain(fleet, agent => !agent.HasConfiguration);
        var kept = (await cluster.ListAsync("apis/smm-agent.io/v1alpha1/namespaces/vms-plain/attachedmachines"))["items"]!.AsArray()
            .ToDictionary(
            machine => machine!["metadata"]!["name"]!.GetValue<string>(), machine => machine!["status"]?["address"]?.GetValue<string>());
        Assert.All(fleet, agent => Assert.Equal(agent.Address, kept[agent.Uuid.ToString()]));
    }

    private static async Task AllReportAgainAsync(FleetAgent[] fleet, string when)
    {
        var before = fleet.Select(agent => agent.Reports).ToArray();
        await RunningDashboard.UntilAsync(
            $"{when}: every agent's report was taken again",
            () => Task.FromResult(fleet.Zip(before).All(pair => pair.First.Reports > pair.Second)));
    }

    /// <summary>Polls and reports as an agent does, faster.</summary>
    private sealed class FleetAgent(TestAgent agent, string address, string token, ConcurrentDictionary<HttpStatusCode, int> answers)
    {
        private int _reports;
        private string _etag = "";

        public int Reports => Volatile.Read(ref _reports);

        public Guid Uuid => agent.Uuid;

        public string Address => address;

        public bool HasConfiguration => _etag.Length > 0;

        public async Task RunAsync(Func<RunningDashboard[]> replicas, CancellationToken end)
        {
            for (var turn = Uuid.GetHashCode() & 1; !end.IsCancellationRequested; turn++)
            {
                try
                {
                    var running = replicas();
                    var replica = running[turn % running.Length];
                    var config = await replica.CallAsync(
                        HttpMethod.Get, $"{Group}/mesh-config", token, null,
                        _etag.Length > 0 ? [("If-None-Match", _etag), ("Prefer", "wait=1")] : []);
                    _etag = Counted(config) ? config.ETag ?? _etag : _etag;
                    if (Counted(await agent.ReportAsync(address, replica)))
                        Interlocked.Increment(ref _reports);
                    else
                        await Task.Delay(200, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                catch (Exception fault)
                when (fault is HttpRequestException or IOException or ObjectDisposedException or OperationCanceledException)
                {
                    // The replica is gone; another one answers.
                    await Task.Delay(50, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }

        private bool Counted(Reply reply)
        {
            answers.AddOrUpdate(reply.Status, 1, (_, count) => count + 1);
            return reply.Status is HttpStatusCode.OK or HttpStatusCode.NotModified or HttpStatusCode.NoContent;
        }
    }
}
