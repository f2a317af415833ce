using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Time;

namespace SmmAgent.Core.Tests.Mesh;

public sealed class ClusterViewRulesTests
{
    private static readonly Dictionary<int, string> Ports = new() { [8080] = "http", [16400] = "agent", [16401] = "sidecar-metrics" };

    [Theory]
    [InlineData(null, null, null, ConditionStatus.True, "Reached", "the cluster demo reaches all 3 ports of this VM at 198.18.0.2")]
    [InlineData("refused", null, null, ConditionStatus.False, "Refused", "port 16400 (agent) refused")]
    [InlineData("timeout", null, "refused", ConditionStatus.False, "TimedOut", "port 16400 (agent) timed out")]
    [InlineData("unreachable", null, null, ConditionStatus.False, "Unreachable", "no route")]
    [InlineData("wrong-host", null, null, ConditionStatus.False, "WrongHost", "sudo smm-agent set node-ip ADDRESS")]
    [InlineData(null, null, "timeout", ConditionStatus.True, "Degraded",
        "port 8080 (http) timed out: a firewall or security group on the path drops it")]
    [InlineData(null, null, "refused", ConditionStatus.True, "Degraded",
        "port 8080 (http) refused, because nothing on this VM listens on it: start the workload")]
    [InlineData(null, "refused", null, ConditionStatus.True, "Degraded", "port 16401 (sidecar-metrics) refused: a firewall")]
    public void AgentPortDecidesAndOtherPortsDegrade(
        string? agent, string? sidecar, string? http, ConditionStatus status, string reason, string shown)
    {
        var answer = new DialBackResponse("198.18.0.2", "demo", [Result(8080, http), Result(16400, agent), Result(16401, sidecar)]);

        var finding = ClusterViewRules.ReachableFromCluster(answer, Ports, listens: _ => false);

        Assert.Equal((status, reason), (finding.Status, finding.Reason));
        Assert.Contains(shown, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedPortOfAListeningWorkloadIsBlockedByAFirewall()
    {
        var answer = new DialBackResponse("198.18.0.2", "demo", [Result(8080, "refused"), Result(16400, null)]);

        var finding = ClusterViewRules.ReachableFromCluster(answer, Ports, listens: _ => true);

        Assert.Contains("port 8080 (http) refused: a firewall on the path rejects it", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsForPortsThatWereNotRequestedDoNotCount()
    {
        var finding = ClusterViewRules.ReachableFromCluster(new("198.18.0.2", "demo", [Result(22, "refused")]), Ports, _ => true);

        Assert.Equal((ConditionStatus.Unknown, "NotAsked"), (finding.Status, finding.Reason));
    }

    [Theory]
    [InlineData(true, "Registered", "True", "True/Registered", "True/Healthy")]
    [InlineData(true, "Registered", "False", "True/Registered", "False/Unhealthy")]
    [InlineData(true, "Registered", "Unknown", "True/Registered", "Unknown/NoProbe")]
    [InlineData(false, "NotConnected", "Unknown", "False/NotConnected", "Unknown/NotRegistered")]
    [InlineData(false, "IdentityMismatch", "True", "False/IdentityMismatch", "Unknown/NotRegistered")]
    [InlineData(false, "StaleEntry", "Unknown", "False/StaleEntry", "Unknown/NotRegistered")]
    [InlineData(false, "<script>", "Unknown", "False/NotRegistered", "Unknown/NotRegistered")]
    public void RegistrationAndHealthComeFromTheDashboard(
        bool isRegistered, string reason, string healthy, string registered, string health)
    {
        var answer = new Registration
        {
            Registered = isRegistered, Reason = reason, WorkloadEntry = "e", Healthy = healthy,
            Message = "a\nb"
        };

        Assert.Equal((registered, health), (Shown(ClusterViewRules.Registered(answer)), Shown(ClusterViewRules.Healthy(answer))));
        Assert.DoesNotContain('\n', ClusterViewRules.Registered(answer).Message);
    }

    [Fact]
    public void OnlyPortsOfTheAgentAndTheGroupAreDialled()
    {
        var group = new WorkloadGroup
        {
            Namespace = "n", Name = "g", ServiceAccount = "s", Network = "",
            Ports = new Dictionary<string, int> { ["http"] = 8080 }
        };

        Assert.Equal([8080, 16400], ClusterViewRules.PortsToDial([16400, 22], group).Keys);
    }

    [Fact]
    public void AgentPortsComeFirstWhenThereAreTooManyPorts()
    {
        var ports = Enumerable.Range(9000, 100).ToDictionary(port => $"p{port}");
        var group = new WorkloadGroup { Namespace = "n", Name = "g", ServiceAccount = "s", Network = "", Ports = ports };

        var dialled = ClusterViewRules.PortsToDial([16400, 16401], group).Keys.ToList();

        Assert.Equal([.. Enumerable.Range(9000, 62), 16400, 16401], dialled);
    }

    [Theory]
    [InlineData(1, 0.0, 1)]
    [InlineData(1, 0.999, 2)]
    [InlineData(3, 0.0, 4)]
    [InlineData(50, 0.0, 150)]
    [InlineData(50, 0.999, 300)]
    public void DelayDoublesUpToFiveMinutesAndHalfOfItIsRandom(int failures, double random, int seconds) =>
        Assert.Equal(seconds, new RetryDelay(() => random).After(failures, null).TotalSeconds, 0.5);

    [Fact]
    public void DelayIsAtLeastTheTimeThatTheDashboardRequested() =>
        Assert.Equal(TimeSpan.FromSeconds(63), new RetryDelay(() => 0.5).After(1, TimeSpan.FromSeconds(60)));

    private static string Shown(ConditionUpdate finding) => $"{finding.Status}/{finding.Reason}";

    private static DialBackResult Result(int port, string? error) => new() { Port = port, Reachable = error is null, Error = error };
}
