using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Tests.Daemon.Status;

/// <summary>The log messages of the status service.</summary>
public sealed class StatusJournalTests : StatusServiceFixture
{
    [Fact]
    public async Task ChangeIsOneMessageAndOneStatus()
    {
        await Step();
        Configure();
        await Step();
        Received();

        _states.Ports.Publish(new PortsState([],
            ConditionUpdate.False(ConditionType.PortsOpen, "IptablesMissing", "iptables is missing; install it")));
        await Step();
        _states.Ports.Publish(new PortsState([],
            ConditionUpdate.False(ConditionType.PortsOpen, "IptablesMissing", "iptables is missing; please install it")));
        await Step();
        _states.Ports.Publish(new PortsState([], ConditionUpdate.True(ConditionType.PortsOpen, "Open", "2 ports are open")));
        await Step();

        Assert.Equal(
            [
                "Information: PortsOpen is False, IptablesMissing: iptables is missing; install it",
                "Information: PortsOpen is True, Open: 2 ports are open",
            ],
            _log.Lines.Skip(1));
        Assert.Equal(
            [
                "STATUS=Not attached: see smm-agent explain IptablesMissing; iptables is missing; install it (for 0s)",
                "STATUS=Not attached: see smm-agent explain IptablesMissing; iptables is missing; please install it (for 0s)",
                "STATUS=Starting: waiting for ConfigCurrent, AddressKnown, GatewaysReachable, SidecarRunning",
            ],
            Received().Where(message => message != "WATCHDOG=1"));
    }

    [Fact]
    public async Task DegradedIsAWarningAndDisabledIsNotLogged()
    {
        await Step();
        _states.Ports.Publish(new PortsState([],
            ConditionUpdate.Unknown(ConditionType.PortsOpen, ConditionUpdate.Disabled, "firewall.mode is off")));
        _states.Address.Publish(new AddressState(null,
            ConditionUpdate.True(ConditionType.AddressKnown, ConditionUpdate.Degraded, "two providers disagree")));
        await Step();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(TimeSpan.FromSeconds(1), await Step());
        _time.Advance(TimeSpan.FromSeconds(1));
        await Step();

        Assert.Equal(
            ["Information: AddressKnown is True, Degraded: two providers disagree",
                "Warning: AddressKnown is True, Degraded: two providers disagree; see: smm-agent explain Degraded"],
            _log.Lines.Skip(1));

        _states.Address.Publish(new AddressState(null, ConditionUpdate.True(ConditionType.AddressKnown, "Known", "all agree")));
        await Step();
        Assert.Equal("Information: AddressKnown is True, Known: all agree (after 30s)", _log.Lines[^1]);
    }

    [Fact]
    public async Task EachGatewayAddressHasItsMessages()
    {
        await Step();
        Publish(("198.18.0.11", 15012, Outcome.Ok), ("198.18.0.12", 15012, Outcome.Ok));
        await Step();
        Publish(("198.18.0.11", 15012, Outcome.Ok), ("198.18.0.12", 15012, Outcome.Refused), ("198.18.0.12", 15017, Outcome.Timeout));
        await Step();
        await Step();
        Publish(("198.18.0.11", 15012, Outcome.Ok), ("198.18.0.12", 15012, Outcome.Ok));
        await Step();
        Publish(("198.18.0.11", 15012, Outcome.Refused));
        await Step();
        Publish(("198.18.0.13", 15012, Outcome.Ok));
        await Step();

        Assert.Equal(
            [
                "Information: 198.18.0.12 fails: 15012 refused, 15017 timeout",
                "Information: 198.18.0.12 answers on every port",
                "Information: 198.18.0.11 fails: 15012 refused",
            ],
            _log.Lines.Skip(1));

        void Publish(params (string Address, int Port, Outcome Outcome)[] results) =>
            _states.Reachability.Publish(ReachabilityState.Initial with
            {
                Gateways = [.. results.Select(result => new GatewayResult("gateway", result.Address, result.Port, result.Outcome, null,
                default, null))],
            });
    }

    [Fact]
    public async Task MissingRegistrationIsNoWarningWithoutAManagedSidecar()
    {
        _states.Sidecar.Publish(new(SidecarConditions.Unknown(ConditionUpdate.Disabled, "sidecar.mode is off in agent.yaml")));
        await Step();

        _states.Cluster.Publish(ClusterViewState.Initial with
        {
            Registered = ConditionUpdate.False(ConditionType.Registered, "NotConnected", "no sidecar of this VM is connected"),
        });
        await Step();

        Assert.Equal(["Information: Registered is False, NotConnected: no sidecar of this VM is connected"], _log.Lines.Skip(1));
    }

    [Fact]
    public async Task HungLoopWithholdsTheWatchdogNotificationAndIsOneError()
    {
        await Step();
        var work = _context.Progress.Working("FirewallService", TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(1));
        await Step();
        Assert.Contains("WATCHDOG=1", Received());

        _time.Advance(TimeSpan.FromSeconds(1));
        await Step();
        await Step();
        Assert.DoesNotContain("WATCHDOG=1", Received());
        Assert.Equal("Error: No progress in FirewallService; withholding the watchdog notification", Assert.Single(_log.Lines.Skip(1)));
        Assert.Contains("smm_agent_hung_loops 1\n", _service.Metrics(), StringComparison.Ordinal);

        work.Dispose();
        await Step();
        Assert.Contains("WATCHDOG=1", Received());
        Assert.Equal("Warning: All loops make progress again", _log.Lines[^1]);
    }
}
