using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>Many machines: what they cost, and that none is lost.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class ManyMachinesTests(RunningApiServer server)
{
    [Fact]
    public async Task ReportsOf500AgentsOnTwoReplicasSurviveTheStopOfOneReplica()
    {
        await using var fleet = await Fleet.StartAsync(server);
        Replica[] replicas = [await fleet.ReplicaAsync("one"), await fleet.ReplicaAsync("two")];
        var agents = Enumerable.Range(0, 500).Select(_ => Fleet.Agent()).ToList();
        var watch = Stopwatch.StartNew();

        var outcomes = await Task.WhenAll(agents.Select((agent, index) => replicas[index % 2].ReportAsync(fleet.A, agent, Fleet.Report())));
        Assert.Equal(agents.Count, outcomes.Count(outcome => outcome == ReportOutcome.Kept));
        TestContext.Current.SendDiagnosticMessage($"{agents.Count} first reports in {watch.Elapsed.TotalSeconds:0.0} s");
        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(
            agents.Select((agent, index) => replicas[index % 2].ReportAsync(fleet.A, agent, Fleet.Report(attached: "False"))));
        await replicas[0].StopAsync();
        await fleet.PassUntilAsync(() => replicas[1].Machines.Queued == 0, "written");

        // Agents that the first replica did not answer in time report to the second one.
        await Task.WhenAll(agents.Select(agent => replicas[1].ReportAsync(fleet.A, agent, Fleet.Report(attached: "False"))));
        await fleet.PassUntilAsync(() => replicas[1].Machines.Queued == 0, "written", TimeSpan.FromSeconds(10));
        var list = JsonDocument.Parse(
            await server.AdminAsync(HttpMethod.Get, $"{MachineKind.Api}/namespaces/{fleet.Namespace}/attachedmachines"));
        var attached = list.RootElement.GetProperty("items").EnumerateArray()
            .Select(machine => machine.GetProperty("status").GetProperty("conditions").EnumerateArray()
                .Single(one => one.GetProperty("type").GetString() == "Attached"))
            .Select(condition => condition.GetProperty("status").GetString());
        Assert.Equal(Enumerable.Repeat("False", agents.Count), attached);
    }

    [Fact]
    public void MachineInMemoryTakesSomeHundredBytes()
    {
        const int Count = 10_000;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var machines = ImmutableDictionary.CreateRange(
            Enumerable.Range(0, Count).Select(Read).Select(machine => KeyValuePair.Create(ObjectKey.From(machine.Metadata), machine)));

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        TestContext.Current.SendDiagnosticMessage($"{each} bytes for each machine");
        Assert.InRange(each, 100, 1200);
        Assert.Equal(Count, machines.Count);
    }

    private static AttachedMachine Read(int index) => JsonSerializer.Deserialize(
        $$"""
        {"apiVersion":"smm-agent.io/v1alpha1","kind":"AttachedMachine","metadata":{"name":"{{Guid.NewGuid():D}}","namespace":"vm-integration","uid":"{{Guid.NewGuid():D}}",
         "resourceVersion":"{{1_000_000 + index}}","creationTimestamp":"2026-11-28T10:00:00Z","labels":{"smm-agent.io/workload-group":"analytics-v0"},"managedFields":[{"manager":"smm-dashboard"}],
         "ownerReferences":[{"apiVersion":"networking.istio.io/v1","kind":"WorkloadGroup","name":"analytics-v0","uid":"{{Guid.NewGuid():D}}"}]},
         "spec":{"workloadGroup":"analytics-v0","keySha256":"{{new string('a', 64)}}"},
         "status":{"host":"vm-{{index}}","address":"10.0.{{index / 250}}.{{(index % 250) + 1}}","agentVersion":"1.2.3","sidecarVersion":"1.20.0","lastReportTime":"2026-11-28T10:00:00.123Z",
          "interfaceAddresses":["10.0.0.1","fe80::1"],"instances":[{"id":"{{Guid.NewGuid():D}}","host":"vm-{{index}}","address":"10.0.0.1","firstSeen":"2026-11-28T10:00:00Z","lastSeen":"2026-11-28T10:00:00Z"}],
          "conditions":[{"type":"AgentConnected","status":"True","reason":"Reporting","message":"{{new string('m', 200)}}","lastTransitionTime":"2026-11-28T10:00:00Z"}]} }
        """,
        KubernetesJson.Default.AttachedMachine)!;
}
