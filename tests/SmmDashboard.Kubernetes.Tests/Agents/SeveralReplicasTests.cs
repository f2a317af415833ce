using System.Net;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>Reports of one agent, or of one identity, that reach different replicas.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class SeveralReplicasTests(RunningApiServer server)
{
    [Fact]
    public async Task OtherReplicaKnowsTheAgentOnceItsReportIsAnswered()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var one = await fleet.ReplicaAsync("one");
        var two = await fleet.ReplicaAsync("two", proxy);
        proxy.Stall();
        var agent = Fleet.Agent();
        Assert.Null(await two.FindAsync(fleet.A, Guid.NewGuid()));

        await one.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.7"));
        var known = await two.FindAsync(fleet.A, agent.Uuid);

        Assert.True(known!.HasKey(agent));
        Assert.Equal(IPAddress.Parse("192.0.2.7"), known.Address);
        Assert.Null(await two.FindAsync(fleet.B, agent.Uuid));
    }

    [Fact]
    public async Task OneOfTwoConcurrentMachinesWithTheSameUuidIsKept()
    {
        await using var fleet = await Fleet.StartAsync(server);
        Replica[] replicas = [await fleet.ReplicaAsync("one"), await fleet.ReplicaAsync("two")];
        for (var round = 0; round < 10; round++)
        {
            var first = Fleet.Agent("first");
            var second = new PresentedAgent(first.Uuid, Fleet.Agent("second").KeySha256);

            var outcomes = await Task.WhenAll(
                replicas[0].ReportAsync(fleet.A, first, Fleet.Report()),
                replicas[1].ReportAsync(fleet.A, second, Fleet.Report("192.0.2.2")));

            Assert.Single(outcomes, ReportOutcome.Kept);
            Assert.Single(outcomes, ReportOutcome.KeyMismatch);
            var winner = outcomes[0] == ReportOutcome.Kept ? first : second;
            foreach (var replica in replicas)
                Assert.True((await replica.FindAsync(fleet.A, first.Uuid))!.HasKey(winner));
        }
    }

    [Fact]
    public async Task HostsWithTheSameIdentityAreDistinguishedAcrossReplicas()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var one = await fleet.ReplicaAsync("one");
        var two = await fleet.ReplicaAsync("two");
        var agent = Fleet.Agent();
        var first = Fleet.Report(host: "original", instance: "boot-of-the-original");
        var second = Fleet.Report("192.0.2.2", host: "copy", instance: "boot-of-the-copy");

        Assert.Equal(ReportOutcome.Kept, await one.ReportAsync(fleet.A, agent, first));
        fleet.Time.Advance(TimeSpan.FromMinutes(1));
        await SeesAsync(fleet, two, agent.Uuid, instances: 1);
        Assert.Equal(ReportOutcome.Kept, await two.ReportAsync(fleet.A, agent, second));
        fleet.Time.Advance(TimeSpan.FromMinutes(1));
        await SeesAsync(fleet, one, agent.Uuid, instances: 2);
        Assert.Equal(ReportOutcome.Kept, await one.ReportAsync(fleet.A, agent, first));
        await fleet.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(ReportOutcome.Duplicate, await two.ReportAsync(fleet.A, agent, second));

        Assert.Contains("copy", (await two.FindAsync(fleet.A, agent.Uuid))!.Instances.Hosts(fleet.Time.GetUtcNow()),
            StringComparison.Ordinal);
        Assert.Contains(one.Log.All.Concat(two.Log.All),
            line => line.StartsWith("Warning: Two hosts report as agent", StringComparison.Ordinal));
        Assert.Equal(["boot-of-the-original", "boot-of-the-copy"],
            (await fleet.StatusAsync(agent.Uuid))["instances"]!.AsArray().Select(one => (string?)one!["id"]));
        Assert.Equal("original", (string?)(await fleet.StatusAsync(agent.Uuid))["host"]);

        // The copy has a uuid of its own now.
        await SeesAsync(fleet, two, agent.Uuid, instances: 2);
        Assert.Equal(ReportOutcome.Kept, await two.ReportAsync(fleet.A, Fleet.Agent(), second));
        Assert.Equal(["boot-of-the-original"],
            (await fleet.StatusAsync(agent.Uuid))["instances"]!.AsArray().Select(one => (string?)one!["id"]));
    }

    private static Task SeesAsync(Fleet fleet, Replica replica, Guid uuid, int instances) => fleet.PassUntilAsync(
        () => replica.Machines.Cache.State.Items.TryGetValue(new(fleet.Namespace, $"{uuid:D}"), out var machine)
        && machine.Instances.Seen.Count == instances,
        $"the other replica sees {instances} instances");
}
