using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;

namespace SmmAgent.Core.Tests.Status;

public sealed class StatusLineTests
{
    [Fact]
    public void AttachedVmShowsGroupAddressGatewaysAndPorts() => Assert.Equal(
        "Attached vm-integration/analytics-v0 as 3.67.91.181; 2/2 gateways; 4 ports open",
        Samples.Line(Samples.Attached));

    [Fact]
    public void RegistrationIsNotExpectedWithoutAManagedSidecar()
    {
        var notRegistered = ConditionUpdate.False(ConditionType.Registered, "NotConnected", "no sidecar of this VM is connected");
        var snapshot = Samples.Attached with { Cluster = Samples.Attached.Cluster with { Registered = notRegistered } };

        Assert.StartsWith("Attached ",
            Samples.Line(snapshot with { Sidecar = new(SidecarConditions.Unknown(ConditionUpdate.Disabled, "off")) }),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Not attached: see smm-agent explain NotConnected; no sidecar of this VM is connected",
            Samples.Line(snapshot with { Sidecar = new([ConditionUpdate.True(ConditionType.SidecarRunning, "Running", "it runs")]) }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Outcome.Refused, "Refused", "refused the connection")]
    [InlineData(Outcome.Timeout, "TimedOut", "did not answer")]
    [InlineData(Outcome.WrongCertificate, "WrongCertificate", "has a wrong certificate")]
    [InlineData(Outcome.NotReady, "NotReady", "is not ready")]
    public void OneOfTwoGatewaysDownIsDegradedWithItsAddressAndReason(Outcome outcome, string reason, string words) => Assert.Equal(
        $"Degraded: see smm-agent explain {reason}; gateway 13.48.73.61:15012 {words} (for 3m)",
        Samples.Line(Samples.Attached.WithGateway(outcome, ConditionStatus.True, ConditionUpdate.Degraded)));

    [Fact]
    public void NoGatewayMeansNotAttached() => Assert.Equal(
        "Not attached: see smm-agent explain Refused; gateway 13.48.73.61:15012 refused the connection (for 3m)",
        Samples.Line(Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.False, "Refused")));

    [Fact]
    public void IPv6GatewayIsWrittenInBrackets()
    {
        var snapshot = Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.False, "Unreachable");
        snapshot = snapshot with
        {
            Reachability = snapshot.Reachability with { Gateways = [Samples.Gateway("2a00::1", 15012, Outcome.Timeout)] },
        };

        Assert.Contains("gateway [2a00::1]:15012 did not answer", Samples.Line(snapshot), StringComparison.Ordinal);
    }

    [Fact]
    public void SameNetworkCountsEndpoints() => Assert.EndsWith(
        "; 2/2 endpoints; 4 ports open",
        Samples.Line(Samples.Attached with
        {
            Reachability = Samples.Attached.Reachability with { Model = NetworkModel.SameNetwork },
        }),
        StringComparison.Ordinal);

    [Fact]
    public void WorstProblemComesFirstAndTheOthersAreCounted()
    {
        var snapshot = Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.True, ConditionUpdate.Degraded);
        snapshot = snapshot with
        {
            Ports = snapshot.Ports with
            {
                PortsOpen = ConditionUpdate.False(
                ConditionType.PortsOpen, "NoIptables", "iptables is missing; install it")
            },
        };

        Assert.Equal("Degraded: see smm-agent explain NoIptables; iptables is missing; install it (for 3m) (+1 more)",
            Samples.Line(snapshot));
    }

    [Fact]
    public void PortThatAnotherProgramUsesIsReported() => Assert.Equal(
        "Degraded: port 16400 is taken by another program",
        Samples.Line(Samples.Attached with
        {
            Listeners = new ListenersState([new(16400, "agent", "port 16400 is taken by another program")]),
        }));

    [Fact]
    public void MissingSettingIsNamedWithItsCommand()
    {
        Assert.Equal("Not configured: run sudo smm-agent set dashboard-url URL; no dashboard is set", Samples.Line(new AgentSnapshot()));
        Assert.Equal(
            "Not configured: run sudo smm-agent set workload-group NAMESPACE/NAME; no WorkloadGroup is set",
            Samples.Line(With(new AgentSettings { DashboardUrl = new Uri("https://smm.example.com"), Name = "a" })));
        Assert.Equal(
            "Not configured: agent.yaml is refused: node.ip: 'x' is no address",
            Samples.Line(With(new AgentSettings(), new InputError("node.ip", "'x' is no address"))));
    }

    [Fact]
    public void InvalidEditIsReportedWhileTheLastGoodSettingsApply() => Assert.Equal(
        "Degraded: agent.yaml is invalid; the last valid settings stay in effect: node.ip: 'x' is no address",
        Samples.Line(Samples.Attached with
        {
            Settings = Samples.Attached.Settings with { Errors = [new InputError("node.ip", "'x' is no address")] },
        }));

    [Fact]
    public void RefusalOfTheDashboardComesFirstWithoutAConfiguration()
    {
        var refused = ConditionUpdate.False(
            ConditionType.ConfigCurrent, "TokenInvalid", "the dashboard refused the token; sudo smm-agent set bearer-token --stdin");
        var snapshot = Samples.Attached with
        {
            Mesh = new MeshConfigState(null, false, refused),
            Reachability = Samples.Attached.Reachability with
            {
                GatewaysReachable = ConditionUpdate.Unknown(
                    ConditionType.GatewaysReachable, ConditionUpdate.NotConfigured, "no gateways yet"),
            },
        };

        Assert.Equal("Not attached: run sudo smm-agent set bearer-token --stdin; the dashboard refused the token (for 3m)",
            Samples.Line(snapshot));
    }

    [Fact]
    public void LineIsStartingBeforeTheFirstObservation() => Assert.Equal(
        "Starting: waiting for ConfigCurrent, AddressKnown, GatewaysReachable, PortsOpen, SidecarRunning",
        Samples.Line(new AgentSnapshot { Settings = Samples.Attached.Settings }));

    [Fact]
    public void CauseThatMakesFourConditionsFalseIsCountedOnce()
    {
        var snapshot = Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.False, "Refused");
        snapshot = snapshot with
        {
            Sidecar = new([ConditionUpdate.False(ConditionType.SidecarRunning, "NotReady", "the sidecar runs, but is not ready")]),
            Cluster = snapshot.Cluster with
            {
                Registered = ConditionUpdate.False(ConditionType.Registered, "NotConnected", "no sidecar is connected"),
            },
        };

        Assert.Equal(
            "Not attached: see smm-agent explain Refused; gateway 13.48.73.61:15012 refused the connection (for 3m)",
            Samples.Line(snapshot));
    }

    [Fact]
    public void CommandThatIsTooLongIsNotCutButReferredTo()
    {
        var closed = ConditionUpdate.False(
            ConditionType.PortsOpen, "NotOpen", $"a chain drops it; run: sudo nft insert rule {new string('x', 150)} accept");

        Assert.StartsWith(
            "Degraded: see smm-agent status; a chain drops it (for 3m)",
            Samples.Line(Samples.Attached with { Ports = Samples.Attached.Ports with { PortsOpen = closed } }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void LineIsShortAndSingleForAnyInput()
    {
        var endless = ConditionUpdate.False(ConditionType.PortsOpen, "Odd", "a\nREADY=1\n" + new string('x', 5000));
        var line = Samples.Line(Samples.Attached with { Ports = Samples.Attached.Ports with { PortsOpen = endless } });

        Assert.Equal(StatusLine.MaximumLength, line.Length);
        Assert.DoesNotContain('\n', line);
        Assert.EndsWith("...", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-5, "0s")]
    [InlineData(0, "0s")]
    [InlineData(59, "59s")]
    [InlineData(60, "1m")]
    [InlineData(3599, "59m")]
    [InlineData(7200, "2h")]
    [InlineData(200_000, "2d")]
    public void AgeIsOneNumberAndOneUnit(int seconds, string text) => Assert.Equal(text, Age.Text(TimeSpan.FromSeconds(seconds)));

    private static AgentSnapshot With(AgentSettings settings, params InputError[] faults) =>
        new() { Settings = new SettingsState(settings, faults, []) };
}
