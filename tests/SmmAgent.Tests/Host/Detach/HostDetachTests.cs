using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Host.Detach;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Detach;

/// <summary>The order of a detach, and each way in which a part of it fails.</summary>
public sealed class HostDetachTests : IDisposable
{
    private readonly HostFixture _host = new();

    public HostDetachTests() => _host.Sidecar.Observed = FakeSidecar.Installed(null, UnitActivity.Stopped);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task ADetachStopsTheUnitsThenRestoresTheSidecarThenClosesThePorts()
    {
        _host.Units.Set("smm-agent.service", "active", "enabled");
        await WriteAttachedAsync();
        _host.Firewall.Removal = new([new(new SetHosts([]), StepOutcome.Done)], null);
        await File.WriteAllTextAsync(_host.Paths.RenewedToken, "{}", Cancel);

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["stop smm-agent.service", "disable smm-agent.service", "sidecar restore", "firewall remove"], _host.Calls);
        Assert.False(File.Exists(_host.Paths.RenewedToken));
        Assert.False(new SidecarRecords(_host.Paths).HasBeforeAttach);
        Assert.True(_host.IgnoresHangup);
        Assert.EndsWith("✓ detached\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DetachOfAnUnchangedHostReportsThat()
    {
        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal("✓ the agent had changed nothing on this host\n", _host.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WithoutRootNothingIsDetached(bool dryRun)
    {
        _host.Unprivileged();

        Assert.Equal(ExitCode.NotPermitted, await RunAsync(dryRun));

        Assert.Empty(_host.Calls);
    }

    [Fact]
    public async Task ADetachEndsTheWaitForAConfirmation()
    {
        await new HostRollback(_host.Context, _host.Units).ArmAsync(TimeSpan.FromMinutes(2), FakeSidecar.Before(null), Cancel);
        var armed = _host.Calls.Count;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["stop smm-agent-rollback.timer", "sidecar restore", "firewall remove"], _host.Calls.Skip(armed));
        Assert.False(_host.Snapshot.Exists);
        Assert.False(File.Exists(_host.Paths.BeforeConfirm));
    }

    [Fact]
    public async Task AUnitThatDoesNotStopEndsTheDetach()
    {
        _host.Units.Set("smm-agent.service", "active", "enabled");
        _host.Units.Results["stop smm-agent.service"] = "timeout";

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("sidecar restore", _host.Calls);
        Assert.DoesNotContain("firewall remove", _host.Calls);
        Assert.Contains("✗ smm-agent.service did not stop", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADaemonThatSystemdDidNotStartEndsTheDetach()
    {
        using var daemon = DaemonPresence.Take(_host.Paths.StateDirectory);

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains("✗ a daemon that systemd did not start is running and would restore every change", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASidecarThatIsNotRestoredKeepsItsRecordAndThePortsAreClosedAnyway()
    {
        await WriteAttachedAsync();
        _host.Sidecar.RestoreFailures = [new(ReconcilePart.Files, "", StepFailureReason.NotWritten, "the disk is full")];

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("firewall remove", _host.Calls);
        Assert.True(new SidecarRecords(_host.Paths).HasBeforeAttach);
        Assert.DoesNotContain("✓ detached", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUserThatIsLeftDoesNotFailTheDetach()
    {
        await WriteAttachedAsync();
        _host.Sidecar.RestoreFailures = [new(ReconcilePart.Package, "", StepFailureReason.UserLeft, "a process keeps the user")];

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.False(new SidecarRecords(_host.Paths).HasBeforeAttach);
    }

    [Fact]
    public async Task ALockedSidecarFailsTheDetach()
    {
        await WriteAttachedAsync();
        _host.Sidecar.RestoreBlocked = "another smm-agent is at work on the sidecar";

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.True(new SidecarRecords(_host.Paths).HasBeforeAttach);
    }

    [Fact]
    public async Task ADamagedRecordLeavesTheRunningSidecarToTheOperator()
    {
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllTextAsync(_host.Paths.BeforeAttach, "damaged", Cancel);
        _host.Sidecar.Observed = FakeSidecar.Installed("1.15.3");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.True(new SidecarRecords(_host.Paths).HasBeforeAttach);
        Assert.Contains($"! {_host.Paths.BeforeAttach} is damaged", _host.Output, StringComparison.Ordinal);
        Assert.Contains("remove istio-sidecar", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APackageThatIsKeptIsReported()
    {
        await WriteAttachedAsync();
        _host.Sidecar.Observed = FakeSidecar.Installed("1.15.3");

        Assert.Equal(ExitCode.Done, await RunAsync(keepPackages: true));

        Assert.Contains("! the package istio-sidecar, which the agent installed, stays", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALockedFirewallFailsTheDetach()
    {
        _host.Firewall.Removal = new([], "another smm-agent has held the lock");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.EndsWith("✗ another smm-agent has held the lock\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirewallStepThatFailsFailsTheDetach()
    {
        _host.Firewall.Removal = new([new(new SetHosts([]), StepOutcome.Failed, "the kernel refused")], null);

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains(": the kernel refused", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutSystemdTheRestIsDetached()
    {
        _host.NoSystemd = "this host was not booted with systemd";

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["sidecar restore", "firewall remove"], _host.Calls);
    }

    [Fact]
    public async Task ADryRunPrintsThePlanInTheOrderOfTheDetachAndChangesNothing()
    {
        _host.Units.Set("smm-agent.service", "active", "enabled");
        await File.WriteAllTextAsync(_host.Paths.RenewedToken, "{}", Cancel);
        _host.Firewall.RemovalPlan = (new([new SetHosts(["192.0.2.1 a"])]), null);
        _host.KeepReportedIdentity();

        Assert.Equal(ExitCode.Done, await RunAsync(dryRun: true));

        Assert.Equal(["firewall plan removal", "sidecar observe"], _host.Calls);
        Assert.Equal("❯ would stop and disable smm-agent.service", _host.Lines[0]);
        Assert.Contains("192.0.2.1 a", _host.Lines[1], StringComparison.Ordinal);
        Assert.Equal(["❯ report the detach to https://smm.example.com", $"❯ remove {_host.Paths.RenewedToken}"], _host.Lines.Skip(2));
        Assert.True(File.Exists(_host.Paths.RenewedToken));
    }

    [Fact]
    public async Task DryRunOfAnUnchangedHostReportsThat()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(dryRun: true));

        Assert.Equal("✓ nothing to remove\n", _host.Output);
    }

    [Fact]
    public async Task ADryRunFailsWhereTheFirewallCannotBeObserved()
    {
        _host.Firewall.RemovalPlan = (Plan.Nothing, "iptables cannot be read: no permission");

        Assert.Equal(ExitCode.Failed, await RunAsync(dryRun: true));

        Assert.Equal("✗ iptables cannot be read: no permission\n", _host.Output);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<int> RunAsync(bool dryRun = false, bool keepPackages = false) =>
        new HostDetach(_host.Context, new(dryRun, keepPackages)).RunAsync(Cancel);

    private async Task WriteAttachedAsync()
    {
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllBytesAsync(_host.Paths.BeforeAttach, FakeSidecar.Before(null).Write(), Cancel);
    }
}
