using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.Diagnosis.DiagnosisSamples;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Diagnosis;

public sealed class PortsDiagnosisTests
{
    [Fact]
    public void PortsThatAllTablesAcceptAreOpen()
    {
        var state = Of(Desired("10.0.0.0/8"), Attached(Desired("10.0.0.0/8")));

        Assert.Equal((ConditionStatus.True, "Open"), (state.PortsOpen.Status, state.PortsOpen.Reason));
        Assert.All(state.Ports, port => Assert.True(port.Open));
    }

    [Fact]
    public void MissingClusterSourcesAreReportedAsOpenToAny() =>
    Assert.Equal("OpenToAny", Of(Desired(), Attached(Desired())).PortsOpen.Reason);

    [Fact]
    public void DropInTheOtherBackendIsReported()
    {
        var observed = Attached(Desired()) with { OtherBackend = [Known(IpFamily.IPv4, Table(policy: "DROP"), "-legacy")] };

        var finding = Of(Desired(), observed).PortsOpen;

        Assert.Equal("BlockedByAnotherTable", finding.Reason);
        Assert.StartsWith(
            "INPUT of iptables-legacy (the other backend) does not let 8080, 16400 in: run: sudo iptables-legacy -w 5 -I INPUT 1 -p tcp",
            finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckModeReportsCommandsForBlockedPorts()
    {
        Assert.Equal("OpenToAny", Of(Desired(), Observed(Table()), manages: false).PortsOpen.Reason);

        var closed = Of(Desired(), Observed(Table(policy: "DROP")), manages: false).PortsOpen;
        Assert.Equal((ConditionStatus.False, "NotOpen"), (closed.Status, closed.Reason));
        Assert.Contains("iptables -w 5 -I INPUT 1 -p tcp -m tcp --dport 8080 ", closed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StepOutcome.LockHeld, "LockHeld")]
    [InlineData(StepOutcome.NotPermitted, "NotPermitted")]
    [InlineData(StepOutcome.Failed, "RepairFailed")]
    public void FailedRepairIsReportedWithItsReason(StepOutcome ending, string reason)
    {
        var host = Observed(Table(policy: "DROP"));
        var plan = FirewallPlanner.Plan(Desired(), host);

        var finding = PortsDiagnosis.Evaluate(
            Desired(), new([new(plan.Steps[0], ending, "reason of the step")], host, plan), manages: true).PortsOpen;

        Assert.Equal((ConditionStatus.False, reason, "reason of the step"), (finding.Status, finding.Reason, finding.Message));
    }

    [Fact]
    public void AnIPv6TableThatCannotBeSeenIsDegraded()
    {
        var filters = Attached(Desired()).Filters;
        var unobserved = filters[1] with { State = Observation<FilterState>.Unknown("ip6tables-save ended with exit code 3") };

        var finding = Of(Desired(), new([filters[0], unobserved], new FirewalldObservation.NotRunning())).PortsOpen;

        Assert.Equal((ConditionStatus.True, ConditionUpdate.Degraded), (finding.Status, finding.Reason));
    }

    [Fact]
    public void MissingIptablesIsReportedWithThePackage()
    {
        var none = new[] { IpFamily.IPv4, IpFamily.IPv6 }.Select(family => Absent(family, FilterPresence.CommandMissing));

        var finding = Of(Desired(), new([.. none], new FirewalldObservation.NotRunning())).PortsOpen;

        Assert.Equal((ConditionStatus.False, "IptablesMissing"), (finding.Status, finding.Reason));
        Assert.Contains("apt-get install iptables", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingIp6tablesIsDegraded()
    {
        var ipv4 = Attached(Desired()).Filters[0];
        var ipv6 = Absent(IpFamily.IPv6, FilterPresence.CommandMissing);

        var finding = Of(Desired(), new([ipv4, ipv6], new FirewalldObservation.NotRunning())).PortsOpen;

        Assert.Equal((ConditionStatus.True, ConditionUpdate.Degraded), (finding.Status, finding.Reason));
    }
}
