using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.DialBack;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Startup;

/// <summary>Each limit that an operator can set is really one, and the log names its option once when it is reached.</summary>
public sealed class ReachedLimitTests
{
    [Fact]
    public Task Connections() => ReachAsync("--connections", new() { Connections = new() { Total = 1, PerClient = 9 } }, ConnectAsync);

    [Fact]
    public Task ClientConnections() => ReachAsync("--client-connections", new() { Connections = new() { PerClient = 1 } }, ConnectAsync);

    [Fact]
    public Task ClientRate() => ReachAsync("--client-rate", new() { Rates = new() { PerClient = new Rate(1, 0.001) } }, GetAsync);

    [Fact]
    public Task TotalRate() => ReachAsync("--total-rate", new() { Rates = new() { Total = new Rate(1, 0.001) } }, GetAsync);

    [Fact]
    public Task RateBuckets() => ReachAsync("--rate-buckets", new() { Rates = new() { Buckets = 1 } }, async dashboard =>
    {
        foreach (var address in (string[])["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"])
        {
            using var client = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    socket.Bind(new IPEndPoint(IPAddress.Parse(address).MapToIPv6(), 0));
                    await socket.ConnectAsync(IPAddress.Loopback, dashboard.BaseAddress.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            using var answer = await client.GetAsync(new Uri(dashboard.BaseAddress, "/v1/whoami"), TestContext.Current.CancellationToken);
        }
    });

    [Fact]
    public Task NewAgentRate() => ReachAsync("--new-agent-rate", new() { NewAgents = new Rate(1, 0.001) }, async dashboard =>
    {
        await new TestAgent().Report().SendAsync(dashboard);
        for (var agent = 0; agent < 3; agent++)
            (await new TestAgent().Report().SendAsync(dashboard)).IsProblem(429, "too-many-requests");
    });

    [Fact]
    public Task AgentsPerGroup() => ReachAsync("--agents-per-group", new() { AgentsPerGroup = 1 }, async dashboard =>
    {
        var first = new TestAgent();
        await first.Report().SendAsync(dashboard);
        first.Prove(dashboard);
        for (var agent = 0; agent < 3; agent++)
            (await new TestAgent().Report().SendAsync(dashboard)).IsProblem(503, "unavailable");
    });

    [Fact]
    public Task DialBackRate() =>
    ReachAsync("where no agent has answered (--dial-back-rate)", new() { DialBackRates = DialBackSettings.From(1) }, async dashboard =>
    {
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
        {
            var agent = new TestAgent();
            await agent.Report("127.0.0.1").SendAsync(dashboard);
            statuses.Add((await agent.DialBack("[16401]").SendAsync(dashboard)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, statuses[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
    });

    [Fact]
    public Task RegisteredSidecars() => ReachAsync(
        "has reached a limit of registered sidecars from 127.0.0.1: the limits are 4 in total (--registered-sidecars)",
        new() { HasRegistration = true, Connections = new() { RegisteredSidecars = 4 } }, async dashboard =>
        {
            // One address may have a quarter.
            var token = await TestSidecar.TokenAsync(dashboard);
            await using var first = await TestSidecar.ConnectAsync(dashboard);
            Assert.True((await first.AskAsync(TestSidecar.Request(token))).GetProperty("registered").GetBoolean());
            for (var i = 0; i < 3; i++)
            {
                await using var next = await TestSidecar.ConnectAsync(dashboard);
                var answer = await next.AskAsync(TestSidecar.Request(token, address: $"198.18.0.{i + 1}"));
                Assert.Equal("TooManySidecars", answer.GetProperty("reason").GetString());
            }
        });

    private static async Task ReachAsync(string named, RunningDashboard.Setup setup, Func<RunningDashboard, Task> reachAsync)
    {
        var seams = setup.Seams with { Clock = new FakeTimeProvider() };
        await using var dashboard = await RunningDashboard.StartAsync(setup with { Seams = seams });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);

        await reachAsync(dashboard);

        await Until.TrueAsync(() => log.Lines.Any(Names), $"the log has '{named}'");
        Assert.Single(log.Lines, Names);

        bool Names(string line) =>
            line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal);
    }

    private static async Task GetAsync(RunningDashboard dashboard)
    {
        await Call.MeshConfig().SendAsync(dashboard);
        for (var i = 0; i < 3; i++)
            (await Call.MeshConfig().SendAsync(dashboard)).IsProblem(429, "too-many-requests");
    }

    private static async Task ConnectAsync(RunningDashboard dashboard)
    {
        var sockets = new List<TcpClient>();
        for (var i = 0; i < 4; i++)
        {
            sockets.Add(new TcpClient());
            await sockets[^1].ConnectAsync(IPAddress.Loopback, dashboard.BaseAddress.Port, TestContext.Current.CancellationToken);
        }

        // All connections but the first one are closed at once.
        foreach (var socket in sockets.Skip(1))
        {
            try
            {
                Assert.Equal(0, await socket.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken));
            }
            catch (IOException)
            {
                // Closed with a reset.
            }
        }

        sockets.ForEach(socket => socket.Dispose());
    }
}
