using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Status;

public sealed class StatusServiceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-status-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly RecordingLogger<StatusService> _log = new();
    private readonly AgentStates _states = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
    private readonly LoopContext _context;
    private readonly AgentPaths _paths;
    private readonly ServiceNotifier _notifier;
    private readonly StatusService _service;

    public StatusServiceTests()
    {
        var socket = Path.Combine(_directory, "notify");
        _manager.Bind(new UnixDomainSocketEndPoint(socket));
        _paths = new AgentPaths(_directory);
        _notifier = new ServiceNotifier(socket, TimeSpan.FromSeconds(30));
        _context = new LoopContext(_time, new LoopProgress(_time), new ProcessFault(_lifetime));
        _service = new StatusService(_context, _states, new StatusIdentity("0.1.0", _paths.Status, () => null), _notifier, _log);
    }

    public void Dispose()
    {
        _service.Dispose();
        _notifier.Dispose();
        _manager.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task TheFirstStepSaysReadyAlthoughNothingOfTheMeshIsKnown()
    {
        Assert.False(_service.IsReady);

        await Step();

        Assert.True(_service.IsReady);
        Assert.Equal(ConditionType.All, _service.Conditions.Select(condition => condition.Type));
        Assert.Equal(
            ["READY=1\nSTATUS=Not configured: no dashboard; sudo smm-agent set dashboard-url URL", "WATCHDOG=1"], Received());
        Assert.Equal(
            ["Information: smm-agent 0.1.0 is ready: Not configured: no dashboard; sudo smm-agent set dashboard-url URL"], _log.Lines);
    }

    [Fact]
    public async Task AStepThatChangesNothingOnlyGivesASignOfLife()
    {
        await Step();
        Received();

        await Step();

        Assert.Equal(["WATCHDOG=1"], Received());
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task AChangeIsOneJournalLineAndOneStatus()
    {
        await Step();
        Configure();
        await Step();
        Received();

        _states.Ports.Publish(new PortsState([], ConditionUpdate.False(ConditionType.PortsOpen, "NoIptables", "iptables is missing; install it")));
        await Step();
        _states.Ports.Publish(new PortsState([], ConditionUpdate.False(ConditionType.PortsOpen, "NoIptables", "iptables is missing; please install it")));
        await Step();
        _states.Ports.Publish(new PortsState([], ConditionUpdate.True(ConditionType.PortsOpen, "Open", "2 ports are open")));
        await Step();

        Assert.Equal(
            [
                "Information: PortsOpen is False, NoIptables: iptables is missing; install it",
                "Information: PortsOpen is True, Open: 2 ports are open",
            ],
            _log.Lines.Skip(1));
        Assert.Equal(
            [
                "STATUS=Not attached: iptables is missing; install it (for 0s)",
                "STATUS=Not attached: iptables is missing; please install it (for 0s)",
                "STATUS=Starting: waiting for ConfigCurrent, AddressKnown, GatewaysReachable",
            ],
            Received().Where(message => message != "WATCHDOG=1"));
    }

    [Fact]
    public async Task DegradedIsAWarningAndSwitchedOffIsNoNews()
    {
        await Step();
        _states.Ports.Publish(new PortsState([], ConditionUpdate.Unknown(ConditionType.PortsOpen, ConditionUpdate.Disabled, "firewall.mode is off")));
        _states.Address.Publish(new AddressState(null, ConditionUpdate.True(ConditionType.AddressKnown, ConditionUpdate.Degraded, "two providers disagree")));
        await Step();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(TimeSpan.FromSeconds(1), await Step());
        _time.Advance(TimeSpan.FromSeconds(1));
        await Step();

        Assert.Equal(
            ["Information: AddressKnown is True, Degraded: two providers disagree", "Warning: AddressKnown is True, Degraded: two providers disagree"],
            _log.Lines.Skip(1));

        _states.Address.Publish(new AddressState(null, ConditionUpdate.True(ConditionType.AddressKnown, "Known", "all agree")));
        await Step();
        Assert.Equal("Information: AddressKnown is True, Known: all agree (after 30s)", _log.Lines[^1]);
    }

    [Fact]
    public async Task ASidecarThatWasJustStartedIsNotFalseUntilItsTimeIsOver()
    {
        var since = _time.GetUtcNow();
        _states.Sidecar.Publish(new([ConditionUpdate.False(ConditionType.SidecarRunning, "NotReady", "the sidecar runs, but is not ready")])
        {
            Unit = new(UnitActivity.Running, IsEnabled: true, IsReady: false, since),
        });
        _states.Cluster.Publish(ClusterViewState.Initial with { Registered = ConditionUpdate.False(ConditionType.Registered, "NotConnected", "no sidecar is connected") });

        await Step();
        Assert.Equal(("Unknown Starting", "Unknown Pending"), (Told(ConditionType.SidecarRunning), Told(ConditionType.Registered)));

        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(10), await Step());
        _time.Advance(TimeSpan.FromSeconds(10));
        await Step();
        Assert.Equal(("False NotReady", "False NotConnected"), (Told(ConditionType.SidecarRunning), Told(ConditionType.Registered)));

        string Told(string type) => _service.Conditions.Single(condition => condition.Type == type) is var condition ? $"{condition.Status} {condition.Reason}" : "";
    }

    [Fact]
    public async Task EachGatewaysAddressHasItsLinesInTheJournal()
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

        void Publish(params (string Address, int Port, Outcome Outcome)[] results) => _states.Reachability.Publish(ReachabilityState.Initial with
        {
            Gateways = [.. results.Select(result => new GatewayResult("gateway", result.Address, result.Port, result.Outcome, null, default, null))],
        });
    }

    [Fact]
    public async Task WithoutASidecarToLookAfterNobodyIsWarnedThatNoneIsRegistered()
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
    public async Task TheStatusFileIsForEveryoneToReadAlsoWhereTheDirectoryIsMissing()
    {
        await Step();

        Assert.Equal("0644", Mode(_paths.Status));
        Assert.Equal("0755", Mode(_paths.RuntimeDirectory));
        Assert.Equal(_time.GetUtcNow(), Written().UpdatedAt);
        Assert.Equal([_paths.Status], Directory.GetFiles(_paths.RuntimeDirectory));
    }

    [Fact]
    public async Task TheStatusFileIsWrittenOnAChangeAndOnceAMinute()
    {
        await Step();
        var start = _time.GetUtcNow();

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(TimeSpan.FromSeconds(1), await Step());
        Assert.Equal(start, Written().UpdatedAt);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(10), await Step());
        Assert.Equal(start.AddSeconds(60), Written().UpdatedAt);

        _time.Advance(TimeSpan.FromSeconds(1));
        _states.Address.Publish(new AddressState(
            new ExternalAddress(IPAddress.Parse("3.67.91.181"), "configured"), ConditionUpdate.True(ConditionType.AddressKnown, "Configured", "")));
        await Step();
        Assert.Equal((start.AddSeconds(61), "3.67.91.181"), (Written().UpdatedAt, Written().Address!.Value));
    }

    [Fact]
    public async Task AStatusFileThatCannotBeWrittenIsOneLineAndTheAgentWorksOn()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.RuntimeDirectory)!);
        await File.WriteAllTextAsync(_paths.RuntimeDirectory, "a file where the directory should be", TestContext.Current.CancellationToken);

        await Step();
        await Step();

        Assert.True(_service.IsReady);
        var line = Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains($"Cannot write {_paths.Status}: ", line, StringComparison.Ordinal);

        File.Delete(_paths.RuntimeDirectory);
        await Step();
        Assert.Equal($"Information: {_paths.Status} is written again", _log.Lines[^1]);
        Assert.NotNull(Written());
    }

    [Fact]
    public async Task AHungLoopGetsNoSignOfLifeAndOneErrorLine()
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

    [Fact]
    public async Task ReadyFollowsAReloadAlsoWhenItFailed()
    {
        await Step();
        Received();

        Assert.Throws<IOException>(() => _service.Reloading(() => throw new IOException("no")));

        var received = Received();
        Assert.Equal(2, received.Count);
        Assert.StartsWith("RELOADING=1\nMONOTONIC_USEC=", received[0], StringComparison.Ordinal);
        Assert.StartsWith("READY=1\nSTATUS=Not configured", received[1], StringComparison.Ordinal);
    }

    [Fact]
    public void AReloadBeforeTheFirstStepDoesNotSayReady()
    {
        var reloaded = false;
        _service.Reloading(() => reloaded = true);

        Assert.True(reloaded);
        Assert.Empty(Received());
    }

    [Fact]
    public async Task AStopLeavesNoStatusFile()
    {
        await _service.StartAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("READY=1", Receive(), StringComparison.Ordinal);
        Assert.Equal("WATCHDOG=1", Receive());

        await _service.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(File.Exists(_paths.Status));
    }

    [Fact]
    public async Task ABurstOfChangesIsToldTogether()
    {
        await _service.StartAsync(TestContext.Current.CancellationToken);
        Receive();
        Receive();
        Configure();
        for (var i = 0; i < 100; i++)
            _states.Ports.Publish(new PortsState([], ConditionUpdate.False(ConditionType.PortsOpen, "Closed", $"port {i} is closed")));

        // The clock stands still, so the loop is in its pause, or about to be.
        var received = new List<string>();
        while (received.Count == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            if (_manager.Poll(TimeSpan.FromMilliseconds(20), SelectMode.SelectRead))
                received.Add(Receive());
        }

        Assert.Equal("STATUS=Not attached: port 99 is closed (for 0s)", Assert.Single(received));
        await _service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task OthersAreWokenByAChangeOfACondition()
    {
        var wake = new Signal();
        await Step();
        _service.NotifyOnConditionChange(wake);
        await Step();
        Assert.False(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, TestContext.Current.CancellationToken));

        _states.Ports.Publish(new PortsState([], ConditionUpdate.True(ConditionType.PortsOpen, "Open", "2 ports are open")));
        await Step();
        Assert.True(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, TestContext.Current.CancellationToken));
    }

    private Task<TimeSpan> Step() => _service.StepAsync(TestContext.Current.CancellationToken);

    private void Configure() => _states.Settings.Publish(SettingsState.Empty with
    {
        Settings = new AgentSettings { DashboardUrl = new Uri("https://smm.example.com"), Namespace = "vm-integration", Name = "analytics-v0" },
    });

    private AgentStatus Written() => JsonSerializer.Deserialize(File.ReadAllBytes(_paths.Status), StatusJson.Default.AgentStatus)!;

    private static string Mode(string path) => "0" + Convert.ToString((int)File.GetUnixFileMode(path), 8);

    private string Receive()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }

    private List<string> Received()
    {
        var messages = new List<string>();
        while (_manager.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            messages.Add(Receive());
        return messages;
    }
}
