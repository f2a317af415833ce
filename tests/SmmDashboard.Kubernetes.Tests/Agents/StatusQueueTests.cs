using SmmDashboard.Agents;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>What of the reports is written later, how often, and what happens while it cannot be.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class StatusQueueTests(RunningApiServer server)
{
    private const int PerSecond = 50;
    private const int AtOnce = 4;

    [Fact]
    public async Task SeveralChangesWithinFiveSecondsAreOneWrite()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        var writes = Writes(proxy, fleet);

        await replica.ReportAsync(fleet.A, agent, Fleet.Report(attached: "False"));
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(host: "renamed"));
        await fleet.PassAsync(TimeSpan.FromSeconds(4));
        Assert.Equal(writes, Writes(proxy, fleet));
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(host: "renamed", attached: "Unknown"));
        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "written");

        Assert.Equal(writes + 1, Writes(proxy, fleet));
        var status = await fleet.StatusAsync(agent.Uuid);
        Assert.Equal(("renamed", "Unknown"), ((string?)status["host"], (string?)Fleet.Condition(status, "Attached")!["status"]));
    }

    [Fact]
    public async Task UnchangedReportsAreWrittenEveryTenMinutes()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(message: "0"));
        var (writes, first) = (Writes(proxy, fleet), (DateTimeOffset)(await fleet.StatusAsync(agent.Uuid))["lastReportTime"]!);

        await fleet.PassAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10));
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(message: "5"));
        await fleet.PassAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(10));
        Assert.Equal(writes, Writes(proxy, fleet));
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(message: "9"));
        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "written");

        Assert.Equal(writes + 1, Writes(proxy, fleet));
        var status = await fleet.StatusAsync(agent.Uuid);
        Assert.Equal("9", (string?)Fleet.Condition(status, "ConfigCurrent")!["message"]);
        Assert.InRange(fleet.Time.GetUtcNow() - first, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15));
    }

    [Fact]
    public async Task OlderReportOfAnotherReplicaOverwritesNothing()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var one = await fleet.ReplicaAsync("one");
        var two = await fleet.ReplicaAsync("two");
        var agent = Fleet.Agent();
        await one.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.1"));
        await one.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.1", host: "old"));
        fleet.Time.Advance(TimeSpan.FromSeconds(1));

        await two.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.2", host: "new"));
        await fleet.PassUntilAsync(() => one.Machines.Queued == 0, "the first replica has nothing to write");

        var status = await fleet.StatusAsync(agent.Uuid);
        Assert.Equal(("new", "192.0.2.2", "two"), ((string?)status["host"], (string?)status["address"], (string?)status["connectedTo"]));
    }

    [Fact]
    public async Task WritesAreLimitedToFiftyPerSecondAndFourAtATime()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agents = Enumerable.Range(0, 120).Select(_ => Fleet.Agent()).ToList();
        await Task.WhenAll(agents.Select(agent => replica.ReportAsync(fleet.A, agent, Fleet.Report())));
        await Task.WhenAll(agents.Select(agent => replica.ReportAsync(fleet.A, agent, Fleet.Report(attached: "False"))));
        var (writes, release, held) = (Writes(proxy, fleet), new TaskCompletionSource(), 0);
        for (var index = 0; index < AtOnce; index++)
        {
            proxy.AnswerNext(IsWrite(fleet), async context =>
            {
                Interlocked.Increment(ref held);
                await release.Task;
                context.Response.StatusCode = 500;
            });
        }

        await fleet.PassUntilAsync(() => Volatile.Read(ref held) == AtOnce, "four writes are held");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal(writes + AtOnce, Writes(proxy, fleet));
        release.SetResult();
        await Until.TrueAsync(() => replica.Machines.Fault is not null, "the writes failed");

        // The clock stands while these are written, so that they are those of one second, however long they take.
        await PassUntilWritingAsync(fleet, () => Writes(proxy, fleet) > writes + AtOnce);
        await QuietAsync(() => Writes(proxy, fleet), since: writes + AtOnce);
        Assert.InRange(Writes(proxy, fleet) - writes - AtOnce, 1, PerSecond);

        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "written", lastSeen: () => replica.Machines.Fault ?? "");
        foreach (var agent in agents)
            Assert.Equal("False", (string?)Fleet.Condition(await fleet.StatusAsync(agent.Uuid), "Attached")!["status"]);
        Assert.Null(replica.Machines.Fault);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(409)]
    public async Task TemporarilyRefusedWriteIsRetried(int status)
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        proxy.AnswerNext(IsWrite(fleet), status, "");

        await replica.ReportAsync(fleet.A, agent, Fleet.Report(attached: "False"));
        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "written");

        Assert.Equal("False", (string?)Fleet.Condition(await fleet.StatusAsync(agent.Uuid), "Attached")!["status"]);
    }

    [Fact]
    public async Task ChangedReportsAreWrittenImmediatelyOnShutdown()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var (changed, unchanged) = (Fleet.Agent(), Fleet.Agent());
        await replica.ReportAsync(fleet.A, changed, Fleet.Report());
        await replica.ReportAsync(fleet.A, unchanged, Fleet.Report());
        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        var before = (string?)(await fleet.StatusAsync(unchanged.Uuid))["lastReportTime"];
        await replica.ReportAsync(fleet.A, changed, Fleet.Report(attached: "False"));
        await replica.ReportAsync(fleet.A, unchanged, Fleet.Report());

        await replica.StopAsync();

        Assert.Equal("False", (string?)Fleet.Condition(await fleet.StatusAsync(changed.Uuid), "Attached")!["status"]);
        Assert.Equal(before, (string?)(await fleet.StatusAsync(unchanged.Uuid))["lastReportTime"]);
        Assert.DoesNotContain(replica.Log.All, line => line.Contains("were not written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KnownAgentsAreAnsweredDuringAnOutageAndNoReportIsLost()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());

        await server.KillAsync();
        try
        {
            Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report(attached: "False")));
            Assert.True((await replica.FindAsync(fleet.A, agent.Uuid))!.HasKey(agent));
            var moved = await Assert.ThrowsAsync<UnavailableException>(
                () => replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.2")));
            Assert.Equal("the dashboard cannot keep reports now: the Kubernetes API does not take them", moved.Message);
            await Assert.ThrowsAsync<UnavailableException>(() => replica.ReportAsync(fleet.A, Fleet.Agent(), Fleet.Report()));
            await Assert.ThrowsAsync<UnavailableException>(() => replica.FindAsync(fleet.A, Guid.NewGuid()));
            await fleet.PassUntilAsync(() => replica.Machines.Limitations.Any(), "the outage is seen");
        }
        finally
        {
            await server.StartServerAsync();
        }

        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0 && !replica.Machines.Limitations.Any(), "written");
        Assert.Equal("False", (string?)Fleet.Condition(await fleet.StatusAsync(agent.Uuid), "Attached")!["status"]);
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.2")));
    }

    private static Func<string, bool> IsWrite(Fleet fleet) =>
        request => request.Contains($"/{fleet.Namespace}/attachedmachines/", StringComparison.Ordinal)
        && request.Contains("/status?", StringComparison.Ordinal);

    private static int Writes(FaultProxy proxy, Fleet fleet) => proxy.Requests.Count(IsWrite(fleet));

    /// <summary>
    /// Sets the clock once; again only when nothing comes of it, because one of the four writes failed after it was set and had the queue
    /// pause from then on.
    /// </summary>
    private static async Task PassUntilWritingAsync(Fleet fleet, Func<bool> areWritten)
    {
        for (var tries = 0; !areWritten(); tries++)
        {
            Assert.InRange(tries, 0, 9);
            fleet.Time.Advance(TimeSpan.FromMinutes(1));
            for (var waits = 0; waits < 100 && !areWritten(); waits++)
                await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until a count has moved, and then has not moved for a while.</summary>
    private static async Task QuietAsync(Func<int> count, int since)
    {
        await Until.TrueAsync(() => count() > since, "the first of them");
        for (var (last, quiet) = (since, 0); quiet < 5; await Task.Delay(20, TestContext.Current.CancellationToken))
            (last, quiet) = count() is var now && now == last ? (last, quiet + 1) : (now, 0);
    }
}
