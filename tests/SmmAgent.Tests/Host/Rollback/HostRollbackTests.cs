using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Rollback;

/// <summary>The rollback: arming and running it, and each way in which one of them fails.</summary>
public sealed class HostRollbackTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(120);

    private readonly HostFixture _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task TheSnapshotIsWrittenBeforeTheTimerStarts()
    {
        var hadSnapshot = (Firewall: false, Sidecar: false);
        _host.Record.During["arm rollback"] = () => hadSnapshot = (_host.Snapshot.Exists, File.Exists(_host.Paths.BeforeConfirm));

        Assert.True(await Rollback().ArmAsync(Window, FakeSidecar.Before("1.15.3"), Cancel));

        Assert.Equal((true, true), hadSnapshot);
        Assert.Equal(["firewall observe", "arm rollback"], _host.Calls);
        Assert.Equal("✓ rollback is armed within=120s timer=smm-agent-rollback.timer\n", _host.Output);
        Assert.Equal((Window, "rollback"), (_host.Units.TimerAfter, _host.Units.TimerCommand[^1]));
        Assert.Equal(["--root", _host.Paths.Root], _host.Units.TimerCommand.Skip(1).Take(2));
    }

    [Fact]
    public async Task ArmingIsRefusedWhileARollbackRuns()
    {
        _host.Units.Set("smm-agent-rollback.service", "activating");

        Assert.False(await Rollback().ArmAsync(Window, null, Cancel));

        Assert.Empty(_host.Calls);
        Assert.False(_host.Snapshot.Exists);
        Assert.Contains("an earlier change is being rolled back", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ArmingIsRefusedWhereTheFirewallCannotBeObserved()
    {
        _host.Firewall.Observed = new(
            [new(new FilterTool(IpFamily.IPv4), Observation<FilterState>.Unknown("no permission"))], new FirewalldObservation.NotRunning());

        Assert.False(await Rollback().ArmAsync(Window, FakeSidecar.Before(null), Cancel));

        Assert.Equal(["firewall observe"], _host.Calls);
        Assert.False(_host.Snapshot.Exists);
        Assert.False(File.Exists(_host.Paths.BeforeConfirm));
        Assert.Contains("nothing was changed, because it could not be undone: iptables cannot be read: no permission", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASnapshotThatCannotBeWrittenArmsNothing()
    {
        Directory.CreateDirectory(_host.Paths.RollbackSnapshot);

        await Assert.ThrowsAnyAsync<Exception>(() => Rollback().ArmAsync(Window, null, Cancel));

        Assert.DoesNotContain("arm rollback", _host.Calls);
    }

    [Fact]
    public async Task ASecondReconcileKeepsTheFirstSnapshotAndStartsTheTimerAgain()
    {
        await Rollback().ArmAsync(Window, null, Cancel);
        var first = await File.ReadAllBytesAsync(_host.Paths.RollbackSnapshot, Cancel);
        _host.Units.Set("smm-agent.service", "active", "enabled");

        Assert.True(await Rollback().ArmAsync(Window * 2, null, Cancel));

        Assert.Equal(first, await File.ReadAllBytesAsync(_host.Paths.RollbackSnapshot, Cancel));
        Assert.Equal(["firewall observe", "arm rollback", "stop smm-agent-rollback.timer", "arm rollback"], _host.Calls);
        Assert.Equal(Window * 2, _host.Units.TimerAfter);
    }

    [Fact]
    public async Task ATimerThatDoesNotStartLeavesNoPendingChange()
    {
        _host.Units.StartingTimer = () => throw new IOException("no bus");

        await Assert.ThrowsAsync<IOException>(() => Rollback().ArmAsync(Window, null, Cancel));

        Assert.False(Rollback().IsPending);
        Assert.DoesNotContain("armed", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollbackStopsTheUnitsThenRestoresSidecarThenFirewallThenStartsTheUnitsAgain()
    {
        _host.Units.Set("smm-agent.service", "active", "enabled");
        _host.Units.Set("smm-agent-reconcile.path", "active", "enabled");
        await Rollback().ArmAsync(Window, FakeSidecar.Before("1.15.3"), Cancel);
        await File.WriteAllTextAsync(_host.Paths.ReconcileRequest, "", Cancel);
        var armed = _host.Calls.Count;
        var hadRequest = true;
        _host.Record.During["start smm-agent-reconcile.path"] = () => hadRequest = File.Exists(_host.Paths.ReconcileRequest);

        Assert.Equal(ExitCode.Done, await RollBackAsync());

        Assert.Equal(
            [
                "stop smm-agent-reconcile.path", "stop smm-agent.service", "sidecar restore", "firewall restore",
                "start smm-agent-reconcile.path", "start smm-agent.service",
            ],
            _host.Calls.Skip(armed));
        Assert.False(hadRequest);
        Assert.True(_host.IgnoresHangup);
        Assert.Equal("1.15.3", _host.Sidecar.RestoredTo!.Version);
        Assert.False(_host.Snapshot.Exists);
        Assert.EndsWith("✓ the unconfirmed changes were rolled back\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollbackOfTheFirstAttachIsReportedAsADetach()
    {
        _host.KeepReportedIdentity();
        await Rollback().ArmAsync(Window, FakeSidecar.Before(null), Cancel);
        _host.Units.Set("smm-agent.service", "active", "enabled");
        var armed = _host.Calls.Count;

        Assert.Equal(ExitCode.Done, await RollBackAsync());

        Assert.Equal(["stop smm-agent.service", "sidecar restore", "firewall restore", "report detach"], _host.Calls.Skip(armed));
        Assert.True(Assert.Single(_host.Dashboard.LastReports).Report.Detached);
        Assert.EndsWith("✓ reported the detach to the dashboard\n✓ the unconfirmed changes were rolled back\n", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollbackToARunningDaemonIsNotReportedAsADetach()
    {
        _host.KeepReportedIdentity();
        _host.Units.Set("smm-agent.service", "active", "enabled");
        await Rollback().ArmAsync(Window, FakeSidecar.Before("1.15.3"), Cancel);

        Assert.Equal(ExitCode.Done, await RollBackAsync());

        Assert.DoesNotContain("report detach", _host.Calls);
    }

    [Fact]
    public async Task RollbackWithoutASnapshotChangesNothing()
    {
        Assert.Equal(ExitCode.Failed, await RollBackAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains($"{_host.Paths.RollbackSnapshot} is missing or damaged", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollbackWithADamagedSnapshotChangesNothingAndKeepsIt()
    {
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllTextAsync(_host.Paths.RollbackSnapshot, "damaged", Cancel);

        Assert.Equal(ExitCode.Failed, await RollBackAsync());

        Assert.Empty(_host.Calls);
        Assert.True(_host.Snapshot.Exists);
    }

    [Fact]
    public async Task AUnitThatDoesNotStopFailsTheRollbackButNotTheRestOfIt()
    {
        _host.Units.Set("smm-agent.service", "active", "enabled");
        await Rollback().ArmAsync(Window, null, Cancel);
        _host.Units.Results["stop smm-agent.service"] = "timeout";

        Assert.Equal(ExitCode.Failed, await RollBackAsync());

        Assert.Contains("firewall restore", _host.Calls);
        Assert.True(_host.Snapshot.Exists);
        Assert.Contains("✗ smm-agent.service did not stop", _host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, ExitCode.Done)]
    [InlineData(5, ExitCode.Failed)]
    public async Task ALockedFirewallIsTriedFiveTimes(int blocked, int expected)
    {
        await Rollback().ArmAsync(Window, null, Cancel);
        for (var i = 0; i < blocked; i++)
            _host.Firewall.Restores.Enqueue(
                new([], _host.Firewall.Observed, Plan.Nothing) { NotAttemptedReason = "another smm-agent has held the lock" });

        Assert.Equal(expected, await RollBackAsync());

        Assert.Equal(5, _host.Calls.Count(call => call == "firewall restore"));
        Assert.Equal(expected == ExitCode.Failed, _host.Snapshot.Exists);
        Assert.Equal(expected == ExitCode.Failed, _host.Output.Contains("✗ another smm-agent has held the lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASidecarThatCannotBeRestoredFailsTheRollbackAndTheFirewallIsRestoredAnyway()
    {
        await Rollback().ArmAsync(Window, FakeSidecar.Before("1.15.3"), Cancel);
        _host.Sidecar.RestoreFailures = [new(ReconcilePart.Files, "", StepFailureReason.NotWritten, "the disk is full")];

        Assert.Equal(ExitCode.Failed, await RollBackAsync());

        Assert.Contains("firewall restore", _host.Calls);
        Assert.True(_host.Snapshot.Exists);
        Assert.NotNull(new SidecarRecords(_host.Paths).BeforeConfirm);
    }

    [Fact]
    public async Task MissingPackageOfThePreviousVersionDoesNotFailTheRollback()
    {
        await Rollback().ArmAsync(Window, FakeSidecar.Before("1.15.2"), Cancel);
        _host.Sidecar.RestoreFailures =
            [new(ReconcilePart.Package, "1.15.2", StepFailureReason.NotOffered, "the cache does not have its package")];

        Assert.Equal(ExitCode.Done, await RollBackAsync());

        Assert.False(_host.Snapshot.Exists);
    }

    [Fact]
    public async Task ASidecarThatIsLockedFailsTheRollback()
    {
        await Rollback().ArmAsync(Window, FakeSidecar.Before(null), Cancel);
        _host.Sidecar.RestoreBlocked = "another smm-agent is at work on the sidecar";

        Assert.Equal(ExitCode.Failed, await RollBackAsync());

        Assert.True(_host.Snapshot.Exists);
        Assert.Contains("✗ another smm-agent is at work on the sidecar", _host.Output, StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HostRollback Rollback() => new(_host.Context, _host.Units);

    private Task<int> RollBackAsync() => new HostConfirmation(_host.Context).RollBackAsync(Cancel);
}
