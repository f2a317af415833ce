using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>The AttachedMachine of an agent that was detached.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class DetachTests(RunningApiServer server)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task DetachIsWrittenBeforeTheAnswerAndTheNextReportShowsTheMachineAgain()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Detached()));

        var status = await fleet.StatusAsync(agent.Uuid);
        Assert.Equal("False Detached", Text(status, "Attached"));
        Assert.Equal("False Detached", Text(status, "AgentConnected"));
        Assert.Equal("192.0.2.1", (string?)status["address"]);
        Assert.Null(status["workloadEntry"]);
        await fleet.PassUntilAsync(() => replica.Machines.Machines.Any(machine => machine.IsDetached), "the list has it");

        await replica.ReportAsync(fleet.A, agent, Fleet.Report());

        status = await fleet.StatusAsync(agent.Uuid);
        Assert.Equal("True Attached", Text(status, "Attached"));
        Assert.Equal("True Reporting", Text(status, "AgentConnected"));
        Assert.Equal(
            ["was detached", "reports again after it was detached"],
            replica.Log.All.Where(line => line.Contains("detached", StringComparison.Ordinal))
                .Select(line => line.Split(" on vm ")[1].Split(" (and")[0]));
    }

    [Fact]
    public async Task OnlyTheOwnerOfTheKeyDetachesAndAnUnknownAgentIsNotCreated()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());

        Assert.Equal(
            ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, Fleet.Agent("other") with { Uuid = agent.Uuid }, Detached()));
        Assert.Equal("True Attached", Text(await fleet.StatusAsync(agent.Uuid), "Attached"));

        var unknown = Fleet.Agent();
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, unknown, Detached()));
        Assert.Null(await fleet.ObjectAsync(unknown.Uuid));
    }

    [Fact]
    public async Task DetachedMachineIsNeverSilentAndIsDeletedAfterADay()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var (detached, silent) = (Fleet.Agent(), Fleet.Agent());
        await replica.ReportAsync(fleet.A, detached, Fleet.Report());
        await replica.ReportAsync(fleet.A, silent, Fleet.Report());
        await replica.ReportAsync(fleet.A, detached, Detached());
        await fleet.PassAsync(TimeSpan.FromMinutes(16), Step);
        await fleet.PassUntilAsync(
            () => Text(fleet.StatusAsync(silent.Uuid).GetAwaiter().GetResult(), "AgentConnected") == "False Silent", "the other is silent");
        Assert.Equal("False Detached", Text(await fleet.StatusAsync(detached.Uuid), "AgentConnected"));

        fleet.Time.Advance(TimeSpan.FromDays(1));
        await fleet.PassUntilAsync(() => fleet.ObjectAsync(detached.Uuid).GetAwaiter().GetResult() is null, "it is deleted");

        Assert.NotNull(await fleet.ObjectAsync(silent.Uuid));
        Assert.Contains(
            $"Information: Machine {fleet.Namespace}/{detached.Uuid} was detached a day ago and is deleted", replica.Log.All);
    }

    private static SmmAgent.Contract.AgentReport Detached() => Fleet.Report(address: null) with { Detached = true };

    private static string Text(System.Text.Json.Nodes.JsonNode status, string condition) =>
        $"{Fleet.Condition(status, condition)!["status"]} {Fleet.Condition(status, condition)!["reason"]}";
}
