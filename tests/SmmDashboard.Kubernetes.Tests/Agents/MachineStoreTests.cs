using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>Agents as objects of a real API server, kept by several replicas.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class MachineStoreTests(RunningApiServer server)
{
    [Fact]
    public async Task FirstReportBindsTheMachineToItsKeyAndItsGroup()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));

        var machine = (await fleet.ObjectAsync(agent.Uuid))!;
        var owner = JsonNode.Parse(
            await server.AdminAsync(HttpMethod.Get, $"{fleet.GroupApi}/namespaces/{fleet.Namespace}/workloadgroups/a"))!;
        Assert.Equal("a", (string?)machine["metadata"]!["labels"]!["smm-agent.io/workload-group"]);
        Assert.Equal("a", (string?)machine["spec"]!["workloadGroup"]);
        Assert.Equal(Convert.ToHexStringLower(agent.KeySha256), (string?)machine["spec"]!["keySha256"]);
        var reference = Assert.Single(machine["metadata"]!["ownerReferences"]!.AsArray())!;
        Assert.Equal((string?)owner["metadata"]!["uid"], (string?)reference["uid"]);
        Assert.Equal(((string?)owner["apiVersion"], "WorkloadGroup", "a"),
            ((string?)reference["apiVersion"], (string?)reference["kind"], (string?)reference["name"]));

        var status = machine["status"]!;
        Assert.Equal(("vm", "192.0.2.1", "1.2.3", "1.20.0", "one"), (
            (string?)status["host"], (string?)status["address"], (string?)status["agentVersion"], (string?)status["sidecarVersion"],
            (string?)status["connectedTo"]));
        Assert.Equal(["192.0.2.1", "fe80::1"], status["interfaceAddresses"]!.AsArray().Select(address => (string?)address));
        Assert.Equal("True", (string?)Fleet.Condition(status, "AgentConnected")!["status"]);
        Assert.Equal("True", (string?)Fleet.Condition(status, "Attached")!["status"]);
    }

    [Fact]
    public async Task OtherKeyIsRefusedInEveryGroupAndTheSameKeyMovesTheMachine()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        var thief = new PresentedAgent(agent.Uuid, Fleet.Agent("stolen").KeySha256);
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());

        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, thief, Fleet.Report()));
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.B, thief, Fleet.Report()));
        Assert.Equal("a", (string?)(await fleet.ObjectAsync(agent.Uuid))!["spec"]!["workloadGroup"]);

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.B, agent, Fleet.Report()));
        var moved = (await fleet.ObjectAsync(agent.Uuid))!;
        Assert.Equal("b", (string?)moved["spec"]!["workloadGroup"]);
        Assert.Equal("b", (string?)moved["metadata"]!["ownerReferences"]![0]!["name"]);
        Assert.Equal("vm", (string?)moved["status"]!["host"]);
        Assert.Null(await replica.FindAsync(fleet.A, agent.Uuid));
        Assert.NotNull(await replica.FindAsync(fleet.B, agent.Uuid));
    }

    [Fact]
    public async Task FullGroupRefusesNewMachinesAndKeepsItsOwn()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", limit: 2);
        var (agent, other) = (Fleet.Agent(), Fleet.Agent());
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        await replica.ReportAsync(fleet.A, other, Fleet.Report());
        replica.Store.Prove(fleet.A, agent.Uuid);
        replica.Store.Prove(fleet.A, other.Uuid);

        Assert.Equal(ReportOutcome.Full, await replica.ReportAsync(fleet.A, Fleet.Agent(), Fleet.Report()));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.B, Fleet.Agent(), Fleet.Report()));
    }

    [Fact]
    public async Task FullGroupEvictsAMachineThatIsNeitherReachedNorRegistered()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one", limit: 3, newAgents: new Rate(4, 1));
        var (reached, silent, newer) = (Fleet.Agent(), Fleet.Agent(), Fleet.Agent());
        foreach (var agent in (PresentedAgent[])[reached, silent, newer])
        {
            Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
            fleet.Time.Advance(TimeSpan.FromMilliseconds(10));
        }

        replica.Store.Prove(fleet.A, reached.Uuid);
        // The watch has machines of other tests, too.
        AttachedMachine[] Watched() =>
            [.. replica.Machines.Cache.State.Items.Values.Where(machine => machine.Metadata.Namespace == fleet.A.Namespace)];
        await fleet.PassUntilAsync(
            () => Watched().Count(machine => machine.LastReportTime is not null) == 3, "the watch has brought all of them");
        var vm = Fleet.Agent();
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, vm, Fleet.Report()));
        await fleet.PassUntilAsync(() => Watched().All(machine => machine.Metadata.Name != $"{silent.Uuid}"), "the silent one is deleted");
        await fleet.PassUntilAsync(() => Watched().Length == 3, "the new one is there");
        Assert.Equal(new[] { reached.Uuid, newer.Uuid, vm.Uuid }.Select(uuid => $"{uuid}").Order(),
            Watched().Select(machine => machine.Metadata.Name).Order());
        Assert.Single(replica.Log.All, line => line.Contains($"Removed agent {silent.Uuid} of", StringComparison.Ordinal));
        var outcomes = new List<ReportOutcome>();
        for (var i = 0; i < 10; i++)
            outcomes.Add(await replica.ReportAsync(fleet.A, Fleet.Agent(), Fleet.Report()));
        Assert.Contains(ReportOutcome.TooManyNew, outcomes);
    }

    [Fact]
    public async Task NewAddressIsWrittenBeforeTheAnswerAndAnOldOneIsRemoved()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.1"));

        await replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.2"));
        Assert.Equal("192.0.2.2", (string?)(await fleet.StatusAsync(agent.Uuid))["address"]);
        await replica.ReportAsync(fleet.A, agent, Fleet.Report(null));
        Assert.Null((await fleet.StatusAsync(agent.Uuid))["address"]);

        Assert.Null((await replica.FindAsync(fleet.A, agent.Uuid))!.Address);
        Assert.Equal(0, replica.Machines.Queued);
    }

    [Fact]
    public async Task WorkloadEntryOfTheVmIsNamed()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        replica.Entries =
        [
            new() { Metadata = new() { Name = "another", Namespace = fleet.Namespace }, Spec = new() { Address = "192.0.2.2" } },
            new() { Metadata = new() { Name = "a-192.0.2.1", Namespace = fleet.Namespace }, Spec = new() { Address = "192.0.2.1" } },
        ];

        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        await fleet.PassUntilAsync(() => replica.Machines.Queued == 0, "written");

        Assert.Equal("a-192.0.2.1", (string?)(await fleet.StatusAsync(agent.Uuid))["workloadEntry"]);
    }

    [Fact]
    public async Task ReportedTextIsCutToTheSchemaAndSafeForATerminal()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        var report = Fleet.Report(host: "vm\u001b[2J\u202e" + new string('x', 1000)) with
        {
            InterfaceAddresses = [.. Enumerable.Range(0, 100)
                .Select(index => $"2001:db8:ffff:ffff:ffff:ffff:ffff:{index:x4}%interface-with-a-name")],
            Versions = new(new string('1', 1000), new string('2', 1000)),
            Conditions =
            [
                .. Enumerable.Range(0, 100).Select(index => new Condition
                {
                    Type = index switch { 0 => "AgentConnected", 1 => "ConfigCurrent", _ => $"C{index}{new string('t', 900)}" },
                        Status = "False", Reason = new string('r', 1000),
                    Message = string.Concat(Enumerable.Repeat("😀\n", 10_000)), LastTransitionTime = DateTimeOffset.MaxValue,
                }),
            ],
        };

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, report));

        var status = await fleet.StatusAsync(agent.Uuid);
        Assert.StartsWith("vm?[2J?xxx", (string?)status["host"], StringComparison.Ordinal);
        Assert.InRange(status["interfaceAddresses"]!.AsArray().Count, 1, 32);
        Assert.InRange(status["conditions"]!.AsArray().Count, 2, 32);
        Assert.Equal("True", (string?)Fleet.Condition(status, "AgentConnected")!["status"]);
        // A token's holder makes as many of them as he may.
        Assert.InRange(status.ToJsonString().Length, 1, 6 * 1024);
    }

    [Fact]
    public async Task DeletedObjectIsRecreatedByTheNextReport()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        await fleet.DeleteAsync(agent.Uuid);

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.9")));

        Assert.Equal("192.0.2.9", (string?)(await fleet.StatusAsync(agent.Uuid))["address"]);
    }

    [Fact]
    public async Task DeletingTheObjectLetsAnotherKeyBind()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        var reinstalled = new PresentedAgent(agent.Uuid, Fleet.Agent("new").KeySha256);
        await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, reinstalled, Fleet.Report()));

        await fleet.DeleteAsync(agent.Uuid);
        await fleet.PassUntilAsync(
            () => replica.Machines.Cache.State.Items.All(machine => machine.Key.Name != $"{agent.Uuid:D}"), "the watch saw it");
        await fleet.PassAsync(TimeSpan.FromSeconds(35), TimeSpan.FromSeconds(5));

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, reinstalled, Fleet.Report()));
        Assert.Equal(Convert.ToHexStringLower(reinstalled.KeySha256),
            (string?)(await fleet.ObjectAsync(agent.Uuid))!["spec"]!["keySha256"]);
    }

    [Fact]
    public async Task KubectlTableIsTheListOfTheFleet()
    {
        await using var fleet = await Fleet.StartAsync(server);
        var replica = await fleet.ReplicaAsync("one");
        await replica.ReportAsync(fleet.A, Fleet.Agent(), Fleet.Report(attached: "False"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{MachineKind.Api}/namespaces/{fleet.Namespace}/attachedmachines");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/json;as=Table;v=v1;g=meta.k8s.io"));
        using var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);

        var table = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        var columns = table["columnDefinitions"]!.AsArray().Select(column => (string)column!["name"]!).ToList();
        var cells = table["rows"]![0]!["cells"]!.AsArray().Select(cell => cell?.ToString() ?? "").ToList();
        Assert.Equal(["Name", "Group", "Host", "Address", "Agent", "Sidecar", "Connected", "Attached", "Reason", "Seen", "Age"], columns);
        Assert.Equal(["a", "vm", "192.0.2.1", "1.2.3", "1.20.0", "True", "False", "NotAttached"], cells[1..9]);
        Assert.DoesNotContain("unknown", cells[9], StringComparison.Ordinal);
        Assert.DoesNotContain("invalid", cells[9], StringComparison.Ordinal);
    }
}
