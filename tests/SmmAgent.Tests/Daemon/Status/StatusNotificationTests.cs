using System.Net.Sockets;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Status;

/// <summary>The notifications of the status service to systemd and to other services.</summary>
public sealed class StatusNotificationTests : StatusServiceFixture
{
    [Fact]
    public async Task FirstStepSendsReadyWithoutAMesh()
    {
        Assert.False(_service.IsReady);

        await Step();

        Assert.True(_service.IsReady);
        Assert.Equal(ConditionType.All, _service.Conditions.Select(condition => condition.Type));
        Assert.Equal(
            ["READY=1\nSTATUS=Not configured: run sudo smm-agent set dashboard-url URL; no dashboard is set", "WATCHDOG=1"], Received());
        Assert.Equal(
            ["Information: smm-agent 0.1.0 is ready: Not configured: run sudo smm-agent set dashboard-url URL; no dashboard is set"],
            _log.Lines);
    }

    [Fact]
    public async Task StepWithoutAChangeOnlyNotifiesTheWatchdog()
    {
        await Step();
        Received();

        await Step();

        Assert.Equal(["WATCHDOG=1"], Received());
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task StartingSidecarIsNotFalseBeforeItsTimeIsOver()
    {
        var since = _time.GetUtcNow();
        _states.Sidecar.Publish(new([ConditionUpdate.False(ConditionType.SidecarRunning, "NotReady", "the sidecar runs, but is not ready")])
        {
            Unit = new(UnitActivity.Running, IsEnabled: true, IsReady: false, since),
        });
        _states.Cluster.Publish(ClusterViewState.Initial with
        {
            Registered = ConditionUpdate.False(ConditionType.Registered,
            "NotConnected", "no sidecar is connected")
        });

        await Step();
        Assert.Equal(("Unknown Starting", "Unknown Pending"), (Reported(ConditionType.SidecarRunning), Reported(ConditionType.Registered)));

        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(10), await Step());
        _time.Advance(TimeSpan.FromSeconds(10));
        await Step();
        Assert.Equal(
            ("False NotReady", "False NotConnected"), (Reported(ConditionType.SidecarRunning), Reported(ConditionType.Registered)));

        string Reported(string type) =>
            _service.Conditions.Single(condition => condition.Type == type) is var condition
                ? $"{condition.Status} {condition.Reason}"
                : "";
    }

    [Fact]
    public async Task ReadyFollowsAFailedReload()
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
    public void ReloadBeforeTheFirstStepDoesNotSendReady()
    {
        var reloaded = false;
        _service.Reloading(() => reloaded = true);

        Assert.True(reloaded);
        Assert.Empty(Received());
    }

    [Fact]
    public async Task BurstOfChangesIsOneNotification()
    {
        await _service.StartAsync(TestContext.Current.CancellationToken);
        Receive();
        Receive();
        Configure();
        for (var i = 0; i < 100; i++)
            _states.Ports.Publish(new PortsState([], ConditionUpdate.False(ConditionType.PortsOpen, "NotOpen", $"port {i} is closed")));

        // The clock stands still, so the loop is in its pause, or about to be.
        var received = new List<string>();
        while (received.Count == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            if (_manager.Poll(TimeSpan.FromMilliseconds(20), SelectMode.SelectRead))
                received.Add(Receive());
        }

        Assert.Equal("STATUS=Not attached: see smm-agent explain NotOpen; port 99 is closed (for 0s)", Assert.Single(received));
        await _service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ChangeOfAConditionNotifiesReaders()
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
}
