using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Rollback;

/// <summary>The confirmation of a reconcile, and each way in which it fails.</summary>
public sealed class HostConfirmationTests : IDisposable
{
    private readonly HostFixture _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task ConfirmStopsTheTimerThenForgetsTheSnapshotThenEnablesTheUnits()
    {
        await ArmAsync(FakeSidecar.Before(null));
        var hadSnapshot = false;
        _host.Record.During["stop smm-agent-rollback.timer"] = () => hadSnapshot = _host.Snapshot.Exists;

        Assert.Equal(ExitCode.Done, await ConfirmAsync());

        Assert.True(hadSnapshot);
        Assert.False(_host.Snapshot.Exists);
        Assert.False(File.Exists(_host.Paths.BeforeConfirm));
        Assert.Equal(
            [
                "firewall observe", "arm rollback", "stop smm-agent-rollback.timer",
                "enable smm-agent.service", "enable smm-agent-reconcile.path", "enable smm-agent-reconcile.service",
            ],
            _host.Calls);
        Assert.EndsWith("✓ confirmed: the changes stay\n", _host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("active", "too late: the rollback runs")]
    [InlineData("failed", "too late: the rollback was tried and failed")]
    public async Task ConfirmIsTooLateOnceTheRollbackHasBegun(string service, string message)
    {
        await ArmAsync();
        _host.Units.Set("smm-agent-rollback.service", service);

        Assert.Equal(ExitCode.Failed, await ConfirmAsync());

        Assert.True(_host.Snapshot.Exists);
        Assert.Contains(message, _host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(_host.Calls, call => call.StartsWith("enable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConfirmWithoutAPendingChangeFails()
    {
        Assert.Equal(ExitCode.Failed, await ConfirmAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains("no reconcile is waiting for confirmation", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfirmAfterARestartOfTheHostFailsAndKeepsTheSnapshot()
    {
        await ArmAsync();
        _host.Units.Set(FakeUnits.RollbackTimer);

        Assert.Equal(ExitCode.Failed, await ConfirmAsync());

        Assert.True(_host.Snapshot.Exists);
        Assert.Contains("the host was restarted before the confirmation", _host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WithoutRootNothingIsConfirmedOrRolledBack(bool confirm)
    {
        var confirmation = new HostConfirmation(_host.Unprivileged());

        Assert.Equal(ExitCode.NotPermitted, await (confirm ? confirmation.ConfirmAsync(Cancel) : confirmation.RollBackAsync(Cancel)));

        Assert.Empty(_host.Calls);
        Assert.Equal($"✗ {(confirm ? "confirm" : "rollback")} changes the host: sudo smm-agent {(confirm ? "confirm" : "rollback")}\n",
            _host.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WithoutSystemdNothingIsConfirmedOrRolledBack(bool confirm)
    {
        _host.NoSystemd = "this host was not booted with systemd";
        var confirmation = new HostConfirmation(_host.Context);

        Assert.Equal(ExitCode.Failed, await (confirm ? confirmation.ConfirmAsync(Cancel) : confirmation.RollBackAsync(Cancel)));

        Assert.Contains(
            "needs systemd, which waits for the confirmation of a reconcile: this host was not booted with systemd", _host.Output,
            StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<bool> ArmAsync(SidecarSnapshot? before = null) =>
        new HostRollback(_host.Context, _host.Units).ArmAsync(TimeSpan.FromSeconds(120), before, Cancel);

    private Task<int> ConfirmAsync() => new HostConfirmation(_host.Context).ConfirmAsync(Cancel);
}
