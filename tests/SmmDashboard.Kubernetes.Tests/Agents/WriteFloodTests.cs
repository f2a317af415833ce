using System.Net;
using SmmDashboard.Agents;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>A holder of a token who wants the dashboard to keep the API server busy.</summary>
public sealed class WriteFloodTests(RunningApiServer server)
{
    [Fact]
    public async Task WritesOfAChangingAddressAreLimitedAndTheLastOneCounts()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agent = Fleet.Agent();

        for (var report = 1; report <= 100; report++)
            Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report($"192.0.2.{report}")));
        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "the last one is written");

        Assert.InRange(Writes(proxy, agent), 2, 13);
        Assert.Equal("192.0.2.100", (string?)(await fleet.StatusAsync(agent.Uuid))["address"]);
        Assert.Equal(IPAddress.Parse("192.0.2.100"), (await replica.FindAsync(fleet.A, agent.Uuid))!.Address);
    }

    [Fact]
    public async Task WritesOfARefusedDuplicateAreLimited()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);
        var agent = Fleet.Agent();
        foreach (var instance in (string[])["first", "second", "first"])
        {
            await replica.ReportAsync(fleet.A, agent, Fleet.Report(instance: instance));
            fleet.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "the duplicate is written");

        for (var report = 0; report < 50; report++)
            Assert.Equal(ReportOutcome.Duplicate, await replica.ReportAsync(fleet.A, agent, Fleet.Report(instance: "second")));

        Assert.InRange(Writes(proxy, agent), 2, 14);
    }

    [Fact]
    public async Task MovesBetweenWorkloadGroupsAreLimited()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();

        var refused = await Assert.ThrowsAsync<UnavailableException>(async () =>
        {
            for (var move = 0; move < 30; move++)
                await replica.ReportAsync(move % 2 == 0 ? fleet.A : fleet.B, agent, Fleet.Report());
        });

        Assert.Equal("the agent moves between WorkloadGroups too often", refused.Message);
        fleet.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.B, agent, Fleet.Report()));
    }

    [Fact]
    public async Task LookupsOfUnknownAgentsAreLimitedToTheirWorkloadGroup()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", proxy);

        await Assert.ThrowsAsync<UnavailableException>(async () =>
        {
            for (var guess = 0; guess < 1_100; guess++)
                await replica.FindAsync(fleet.A, Guid.NewGuid());
        });

        Assert.InRange(proxy.Requests.Count(request => request.Contains($"{fleet.Namespace}/attachedmachines/", StringComparison.Ordinal)),
            900, 1_001);
        Assert.Null(await replica.FindAsync(fleet.B, Guid.NewGuid()));
    }

    private static int Writes(FaultProxy proxy, PresentedAgent agent) =>
        proxy.Requests.Count(request => request.Contains($"{agent.Uuid:D}/status", StringComparison.Ordinal));
}
