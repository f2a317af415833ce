using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Status;

public sealed class AgentStatusBuilderTests
{
    private static readonly AgentInfo Agent = new("0.1.0", new Guid("0327b100-a008-4364-a2b3-7d1777bb5b9a"));

    [Fact]
    public void JsonHasTheDocumentedMembers()
    {
        var snapshot = Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.True, ConditionUpdate.Degraded) with
        {
            Ports = new PortsState([new(8080, "http", false)], Samples.Attached.Ports.PortsOpen),
        };
        var status = AgentStatusBuilder.Build(snapshot, [Samples.Conditions(snapshot)[0]], Agent, Samples.Now);

        Assert.Equal(
            """
            {
              "agent": {
                "version": "0.1.0",
                "uuid": "0327b100-a008-4364-a2b3-7d1777bb5b9a"
              },
              "attachment": {
                "state": "attached",
                "since": null,
                "condition": null,
                "reason": null,
                "message": null,
                "fix": null
              },
              "workloadGroup": {
                "namespace": "vm-integration",
                "name": "analytics-v0"
              },
              "address": {
                "value": "3.67.91.181",
                "source": "configured"
              },
              "network": {
                "model": "different-network"
              },
              "gateways": [
                {
                  "name": "istio-meshexpansion",
                  "address": "13.48.73.61",
                  "port": 15012,
                  "outcome": "refused",
                  "latencyMs": null
                },
                {
                  "name": "istio-meshexpansion",
                  "address": "13.48.73.61",
                  "port": 15021,
                  "outcome": "ok",
                  "latencyMs": 3.1
                }
              ],
              "ports": [
                {
                  "port": 8080,
                  "name": "http",
                  "wanted": true,
                  "open": false,
                  "reachableFromCluster": true
                },
                {
                  "port": 8082,
                  "name": "grpc",
                  "wanted": true,
                  "open": null,
                  "reachableFromCluster": null
                }
              ],
              "sidecar": null,
              "conditions": [
                {
                  "type": "ConfigCurrent",
                  "status": "True",
                  "reason": "Current",
                  "message": "as the dashboard says",
                  "lastTransitionTime": "2026-01-02T03:01:05Z"
                }
              ],
              "updatedAt": "2026-01-02T03:04:05Z"
            }
            """,
            System.Text.Encoding.UTF8.GetString(StatusJson.Write(
                status with { Gateways = [.. status.Gateways.Take(2)], Ports = [.. status.Ports.Take(2)] })));
    }

    [Fact]
    public void StatusJsonIsReadableAndHasNoControlCharacters()
    {
        var condition = Samples.Conditions(Samples.Attached)[0]
            with
        { Message = "can't & won't <go> \u2192 \u00fc \"quoted\" \e[31m\u009b\n" };
        var status = AgentStatusBuilder.Build(Samples.Attached, [condition], Agent, Samples.Now);

        var bytes = StatusJson.Write(status);

        var text = System.Text.Encoding.UTF8.GetString(bytes);
        Assert.Contains("\"can't & won't <go> \u2192 \u00fc \\\"quoted\\\" \\u001B[31m\\u009B\\n\"", text, StringComparison.Ordinal);
        Assert.Equal(condition, StatusJson.Read(bytes)!.Conditions[0]);
    }

    [Fact]
    public void EmptySnapshotHasNullMembers()
    {
        var status = AgentStatusBuilder.Build(new AgentSnapshot(), [], new AgentInfo("0.1.0", null), Samples.Now);

        Assert.Equal((null, null, null), (status.WorkloadGroup, status.Address, status.Network.Model));
        Assert.Equal([16400, 16401], status.Ports.Select(port => port.Port));
        Assert.All(status.Ports, port => Assert.Equal((true, null, null), (port.Wanted, port.Open, port.ReachableFromCluster)));
    }

    [Fact]
    public void OpenPortThatIsNoLongerWantedIsShown()
    {
        var snapshot = new AgentSnapshot
        {
            Ports = new PortsState(
            [new(9999, "old", true)], ConditionUpdate.NotObserved(ConditionType.PortsOpen))
        };
        var status = AgentStatusBuilder.Build(snapshot, [], Agent, Samples.Now);

        Assert.Equal(new PortStatus(9999, "old", Wanted: false, Open: true, null), status.Ports[0]);
    }

    [Theory]
    [InlineData(null, ConditionStatus.True)]
    [InlineData("vm-integration/analytics-v0", ConditionStatus.True)]
    [InlineData("vm-integration/analytics-v1", ConditionStatus.Unknown)]
    public void StateOfAnotherWorkloadGroupIsNotUsed(string? group, ConditionStatus registered)
    {
        var snapshot = new AgentSnapshot
        {
            Settings = new(new() { Namespace = "vm-integration", Name = "analytics-v0" }, [], []),
            Cluster = ClusterViewState.Initial
                with
            { Group = group, Registered = ConditionUpdate.True(ConditionType.Registered, "Registered", "it is") },
        };

        Assert.Equal(registered, snapshot.ConditionUpdates(Samples.Now).Single(finding => finding.Type == ConditionType.Registered).Status);
    }

    [Fact]
    public void SidecarThatIsNotManagedIsNull() =>
    Assert.Null(AgentStatusBuilder.Build(new AgentSnapshot(), [], Agent, Samples.Now).Sidecar);

    [Fact]
    public void SidecarIsShown()
    {
        var snapshot = new AgentSnapshot
        {
            Sidecar =
            SidecarState.Initial with { Version = "1.15.3", Unit = new(UnitActivity.Running, true, false, Samples.Now) }
        };

        Assert.Equal(new SidecarStatus("1.15.3", true, false, Samples.Now),
            AgentStatusBuilder.Build(snapshot, [], Agent, Samples.Now).Sidecar);
    }
}
