using System.Text.Json.Nodes;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>What becomes of machines that are silent, and which replica sees to it.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class SweeperTests(RunningApiServer server)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task MachineSilentFor15MinutesIsDisconnectedUntilItReportsAgain()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var (silent, alive) = (Fleet.Agent(), Fleet.Agent());
        await replica.ReportAsync(fleet.A, silent, Fleet.Report());
        await replica.ReportAsync(fleet.A, alive, Fleet.Report());

        for (var minutes = 0; minutes < 15; minutes += 5)
        {
            Assert.Equal("True", await ConnectedAsync(fleet, silent));
            await fleet.PassAsync(TimeSpan.FromMinutes(5), Step);
            await replica.ReportAsync(fleet.A, alive, Fleet.Report());
        }

        await fleet.PassUntilAsync(() => ConnectedAsync(fleet, silent).GetAwaiter().GetResult() == "False", "it is not connected");
        Assert.Equal("True", await ConnectedAsync(fleet, alive));
        var status = await fleet.StatusAsync(silent.Uuid);
        Assert.Equal("Silent", (string?)Fleet.Condition(status, "AgentConnected")!["reason"]);
        Assert.Equal("True", (string?)Fleet.Condition(status, "Attached")!["status"]);

        await replica.ReportAsync(fleet.A, silent, Fleet.Report());
        await fleet.PassUntilAsync(() => ConnectedAsync(fleet, silent).GetAwaiter().GetResult() == "True", "it is connected");
    }

    [Fact]
    public async Task ClockSetAheadDeletesNoMachineBeforeItCouldReport()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var clock = new SetClock(fleet.Time);
        var replica = await fleet.ReplicaAsync("one", time: clock);
        var alive = Fleet.Agent();
        await replica.ReportAsync(fleet.A, alive, Fleet.Report());
        await fleet.PassAsync(TimeSpan.FromMinutes(14), Step);
        await replica.ReportAsync(fleet.A, alive, Fleet.Report(attached: "False"));
        await fleet.PassAsync(TimeSpan.FromMinutes(2), Step);
        await fleet.PassUntilAsync(() => replica.Machines.IsSweeping, "it sweeps");

        clock.Ahead = TimeSpan.FromDays(40);
        await fleet.PassAsync(TimeSpan.FromMinutes(5));

        Assert.NotNull(await fleet.ObjectAsync(alive.Uuid));
        Assert.DoesNotContain(replica.Log.All, line => line.Contains($"Machine {fleet.Namespace}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MachineSilentFor30DaysIsDeleted()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var (gone, alive) = (Fleet.Agent(), Fleet.Agent());
        await replica.ReportAsync(fleet.A, gone, Fleet.Report());
        await replica.ReportAsync(fleet.A, alive, Fleet.Report());
        fleet.Time.Advance(TimeSpan.FromDays(30));
        await fleet.PassUntilAsync(() => replica.Machines.Fault is null && replica.Machines.IsSweeping, "it sweeps");
        await replica.ReportAsync(fleet.A, alive, Fleet.Report("192.0.2.2"));

        // So long the watch must have worked. The Lease is renewed in steps of its own time.
        await fleet.PassAsync(TimeSpan.FromMinutes(16), TimeSpan.FromSeconds(30));
        await fleet.PassUntilAsync(() => fleet.ObjectAsync(gone.Uuid).GetAwaiter().GetResult() is null, "it is deleted");

        Assert.NotNull(await fleet.ObjectAsync(alive.Uuid));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, gone, Fleet.Report()));
    }

    [Fact]
    public async Task OtherReplicaTakesOverImmediatelyWhenTheSweeperStops()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var one = await fleet.ReplicaAsync("one");
        await fleet.PassUntilAsync(() => one.Machines.IsSweeping, "the first replica sweeps");
        var two = await fleet.ReplicaAsync("two");
        await fleet.PassAsync(TimeSpan.FromSeconds(40));
        Assert.Equal((true, false), (one.Machines.IsSweeping, two.Machines.IsSweeping));
        Assert.StartsWith("one_", await HolderAsync(fleet), StringComparison.Ordinal);

        await one.StopAsync();
        Assert.Equal("", await HolderAsync(fleet));
        var stopped = fleet.Time.GetUtcNow();
        await fleet.PassUntilAsync(() => two.Machines.IsSweeping, "the second replica sweeps", TimeSpan.FromMilliseconds(200));

        // It would take the 15 s of the Lease if it had not been given up.
        Assert.InRange(fleet.Time.GetUtcNow() - stopped, TimeSpan.Zero, TimeSpan.FromSeconds(14));
        Assert.False(one.Machines.IsSweeping);
    }

    [Fact]
    public async Task LeaseOfAnIsolatedReplicaIsTakenAfterItGaveUp()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var one = await fleet.ReplicaAsync("one", proxy);
        await fleet.PassUntilAsync(() => one.Machines.IsSweeping, "the first replica sweeps");
        var two = await fleet.ReplicaAsync("two");
        await fleet.PassAsync(TimeSpan.FromSeconds(10));
        for (var index = 0; index < 1000; index++)
            proxy.AnswerNext(request => request.Contains("/leases", StringComparison.Ordinal), 500, "");

        var both = false;
        await fleet.PassUntilAsync(
            () =>
            {
                both |= one.Machines.IsSweeping && two.Machines.IsSweeping;
                return two.Machines.IsSweeping;
            },
            "the second replica sweeps", TimeSpan.FromMilliseconds(500));

        Assert.False(both);
        Assert.StartsWith("two_", await HolderAsync(fleet), StringComparison.Ordinal);
        Assert.Equal(1, (int?)(await LeaseAsync(fleet))["spec"]!["leaseTransitions"]);
    }

    private static async Task<string?> ConnectedAsync(Fleet fleet, PresentedAgent agent) =>
        (string?)Fleet.Condition(await fleet.StatusAsync(agent.Uuid), "AgentConnected")!["status"];

    private async Task<JsonNode> LeaseAsync(Fleet fleet) => JsonNode.Parse(
        await server.AdminAsync(HttpMethod.Get, $"apis/coordination.k8s.io/v1/namespaces/{fleet.Namespace}/leases/smm-dashboard-sweeper"))!;

    private async Task<string?> HolderAsync(Fleet fleet) => (string?)(await LeaseAsync(fleet))["spec"]!["holderIdentity"];
}
