using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Firewall;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Tests.Firewall;

namespace SmmAgent.Tests.Daemon.Firewall;

public sealed class FirewallServiceTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FirewallStates _states = new(
        new(SettingsState.Empty), new(MeshConfigState.Initial), new(EventSourcesState.AllUp), new(PortsState.Initial));
    private readonly List<string> _log = [];
    private FirewallNamespace? _vm;
    private bool _isRootAtWork;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PortsState Ports => _states.Ports.Value;

    public async ValueTask DisposeAsync()
    {
        if (_vm is not null)
            await _vm.DisposeAsync();
    }

    [Fact]
    public async Task ARepairIsLoggedOnceAndAQuietHostIsNotLoggedAtAll()
    {
        var service = await ServiceAsync();
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });

        await StepAsync(service);
        Assert.Equal((ConditionStatus.True, "OpenToAny"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Equal([8080, 16400, 16401], Ports.Ports.Select(port => port.Port));
        Assert.Equal(2, _log.Count);
        Assert.Equal(2, _states.Counters.Current[CountedEvent.FirewallRepaired]);

        var wake = new Signal();
        _states.Ports.NotifyOnChange(wake);
        var wait = await StepAsync(service);
        Assert.Equal(2, _log.Count);
        Assert.Equal(FirewallService.SlowPoll, wait);
        Assert.False(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));

        await _vm!.ShellAsync("iptables-nft -F");
        await StepAsync(service);
        Assert.Equal(
            "Firewall: iptables-nft: write chain SMM-AGENT (missing: http, http captured, agent, sidecar-metrics; the jump in "
                + "INPUT is missing)", _log[2]);
        Assert.Equal(3, _log.Count);
        Assert.Equal(3, _states.Counters.Current[CountedEvent.FirewallRepaired]);
    }

    [Fact]
    public async Task PortThatTheWorkloadGroupNoLongerHasIsClosedAndAnUnknownConfigurationClosesNothing()
    {
        var service = await ServiceAsync();
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080), ("grpc", 8082)) });
        await StepAsync(service);

        _states.Mesh.Publish(MeshConfigState.Initial);
        await StepAsync(service);
        Assert.Contains("--dport 8082", await _vm!.SaveAsync(Backend.Nft), StringComparison.Ordinal);
        Assert.Equal([16400, 16401], Ports.Ports.Select(port => port.Port));
        Assert.Contains("no mesh configuration yet", Ports.PortsOpen.Message, StringComparison.Ordinal);

        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });
        await StepAsync(service);
        Assert.DoesNotContain("8082", await _vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModeCheckOnlyObservesAndModeOffDoesNot()
    {
        var service = await ServiceAsync();
        await _vm!.ShellAsync("iptables-nft -P INPUT DROP");
        var before = await _vm.SaveAsync(Backend.Nft);

        _states.Settings.Publish(With(ManagementMode.Check));
        await StepAsync(service);
        Assert.Equal((ConditionStatus.False, "NotOpen"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.All(Ports.Ports, port => Assert.False(port.Open));

        _states.Settings.Publish(With(ManagementMode.Off));
        await StepAsync(service);
        Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Disabled), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Equal(before, await _vm.SaveAsync(Backend.Nft));
        Assert.Empty(_log);
    }

    [Fact]
    public async Task ProgramThatKeepsUndoingTheRulesIsReportedAndRepairsSlowDown()
    {
        var service = await ServiceAsync();
        for (var round = 0; round < RepairPacing.MaximumPerMinute; round++)
        {
            Assert.NotEqual("Fighting", Ports.PortsOpen.Reason);
            await StepAsync(service);
            await _vm!.ShellAsync("iptables-nft -D INPUT 1");
        }

        Assert.Equal((ConditionStatus.False, "Fighting"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Contains("the jump in INPUT is missing", Ports.PortsOpen.Message, StringComparison.Ordinal);

        var step = service.StepAsync(Cancel);
        _time.Advance(RepairPacing.ConflictPause - TimeSpan.FromMilliseconds(1));
        Assert.False(step.IsCompleted);
        Assert.DoesNotContain("-A INPUT", await _vm!.SaveAsync(Backend.Nft), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await step;
        Assert.Contains("-A INPUT", await _vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromMinutes(1));
        await StepAsync(service);
        Assert.Equal("OpenToAny", Ports.PortsOpen.Reason);
    }

    [Fact]
    public async Task ReconcileOfAnotherAgentIsWaitedForAndReported()
    {
        var service = await ServiceAsync();
        await _vm!.ShellAsync("iptables-nft -P INPUT DROP");
        using (var held = (await _vm.Lock.AcquireAsync(TimeSpan.Zero, Cancel)).Held)
        {
            Assert.NotNull(held);
            Assert.Equal(FirewallService.RetryAfterFailure, await StepAsync(service));
        }

        Assert.Equal((ConditionStatus.False, "LockHeld"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        await StepAsync(service);
        Assert.Equal(ConditionStatus.True, Ports.PortsOpen.Status);
    }

    [Fact]
    public async Task ChangeOfTheConfigurationIsFollowedByAStepAtOnce()
    {
        var service = await ServiceAsync();

        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });

        Assert.True(await service.Signal.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task PortThatFirewalldBlocksIsRequestedFromRootAndObservedAgainSoon()
    {
        HashSet<int> open = [];
        var zone = new FirewalldZone("public", ReceivesTraffic: true, open, open);
        var firewalld = new StubFirewalld { Observe = () => new FirewalldObservation.Seen(new([zone])) };
        var service = await ServiceAsync(firewalld);

        Assert.Equal(ReconcileRequest.First, await StepAsync(service));
        Assert.True(File.Exists(Request));

        File.Delete(Request);
        open.UnionWith([16400, 16401]);
        Assert.Equal(FirewallService.SlowPoll, await StepAsync(service));
        Assert.False(File.Exists(Request));
    }

    [Fact]
    public async Task ManyChangesCauseOneObservationASecondAndOwnRulesAreObservedAtOnce()
    {
        _vm = await FirewallNamespace.CreateAsync();
        var observations = 0;
        var firewalld = new StubFirewalld
        {
            Observe = () =>
            {
                Interlocked.Increment(ref observations);
                return new FirewalldObservation.NotRunning();
            },
        };
        var mode = With(ManagementMode.Check);
        _states.Settings.Publish(mode);
        var context = new LoopContext(TimeProvider.System, new(TimeProvider.System), new(Substitute.For<IHostApplicationLifetime>()));
        using var service = new FirewallService(
            context,
            _states,
            new FirewallReconciler(_vm.Host(Backend.Nft), firewalld, _vm.Lock, isRoot: false),
            new ReconcileRequest(Request, _time, NullLogger<ReconcileRequest>.Instance),
            new ListLogger(_log));
        await service.StartAsync(Cancel);
        try
        {
            while (Volatile.Read(ref observations) == 0)
                await Task.Delay(10, Cancel);

            var watch = System.Diagnostics.Stopwatch.StartNew();
            while (watch.Elapsed < TimeSpan.FromSeconds(3))
            {
                service.Signal.Set();
                await Task.Delay(10, Cancel);
            }

            Assert.InRange(Volatile.Read(ref observations), 1, 2 + (int)watch.Elapsed.TotalSeconds);

            // Until the second is over only changes of the agent's own rules are observed.
            var before = Volatile.Read(ref observations);
            watch.Restart();
            while (Volatile.Read(ref observations) - before < 5 && watch.Elapsed < TimeSpan.FromSeconds(30))
            {
                service.OwnRulesChanged.Set();
                service.Signal.Set();
                await Task.Delay(10, Cancel);
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4.5), $"{watch.Elapsed}");
        }
        finally
        {
            await service.StopAsync(Cancel);
        }
    }

    [Fact]
    public async Task FirstAnswerOfRootIsDueForTwoMinutesAtMost()
    {
        var zone = new FirewalldZone("public", ReceivesTraffic: true, new HashSet<int>(), new HashSet<int>());
        var firewalld = new StubFirewalld { Observe = () => new FirewalldObservation.Seen(new([zone])) };
        var service = await ServiceAsync(firewalld);
        await StepAsync(service);
        Assert.True(Ports.IsFirstReconcilePending);

        File.Delete(Request);
        _isRootAtWork = true;
        await StepAsync(service);
        Assert.True(Ports.IsFirstReconcilePending);

        _isRootAtWork = false;
        await StepAsync(service);
        Assert.False(Ports.IsFirstReconcilePending);
        _time.Advance(ReconcileRequest.Maximum);
        await StepAsync(service);
        Assert.True(File.Exists(Request));
        Assert.False(Ports.IsFirstReconcilePending);

        var unanswered = await ServiceAsync(firewalld);
        await StepAsync(unanswered);
        Assert.True(Ports.IsFirstReconcilePending);
        _time.Advance(TimeSpan.FromMinutes(2));
        await StepAsync(unanswered);
        Assert.False(Ports.IsFirstReconcilePending);
    }

    private string Request => Path.Combine(_vm!.Folder, "reconcile-request");

    private async Task<FirewallService> ServiceAsync(StubFirewalld? firewalld = null)
    {
        _vm ??= await FirewallNamespace.CreateAsync();
        var context = new LoopContext(_time, new(_time), new(Substitute.For<IHostApplicationLifetime>()));
        var reconciler = firewalld is null ? _vm.Pass(Backend.Nft)
            : new FirewallReconciler(_vm.Host(Backend.Nft), firewalld, _vm.Lock, isRoot: false);
        return new(context, _states with { IsReconcileRunning = () => _isRootAtWork }, reconciler,
            new ReconcileRequest(Request, _time, NullLogger<ReconcileRequest>.Instance), new ListLogger(_log));
    }

    // A step soon after a repair pauses first.
    private async Task<TimeSpan> StepAsync(FirewallService service)
    {
        var step = service.StepAsync(Cancel);
        _time.Advance(RepairPacing.ShortPause);
        return await step;
    }

    private static SettingsState With(ManagementMode mode) => new(new AgentSettings { FirewallMode = mode }, [], []);

    private static MeshConfig Config(params (string Name, int Port)[] ports) => new()
    {
        ApiVersion = MeshConfig.CurrentApiVersion,
        Mesh = new()
        {
            MeshId = "",
            TrustDomain = "",
            ClusterId = "demo",
            Network = "",
            IstioVersion = "1.15.3",
            IstioRevision = "",
            IstioNamespace = "istio-system",
            RootCertificate = "",
            DefaultConfig = default,
        },
        WorkloadGroup = new()
        {
            Namespace = "vm",
            Name = "analytics",
            ServiceAccount = "default",
            Network = "",
            Ports = ports.ToDictionary(port => port.Name, port => port.Port),
        },
        MeshExpansionGateways = [],
    };

    private sealed class ListLogger(List<string> lines) : ILogger<FirewallService>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }
}
