using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.State;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>The order of a reconcile, and each way in which a part of it fails.</summary>
public sealed class HostReconcilerTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(120);

    private static readonly string[] Enabled =
        ["enable smm-agent.service", "enable smm-agent-reconcile.path", "enable smm-agent-reconcile.service"];

    private readonly HostFixture _host = new();

    public HostReconcilerTests() => _host.WriteRegistration();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task AReconcileFetchesThenOpensPortsThenEnablesThenAttachesThenStartsTheDaemon()
    {
        var isShown = false;
        _host.Record.During["firewall apply"] = () => isShown = PrivilegedPresence.IsShown(_host.Paths.PrivilegedPresence);

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(
            ["fetch mesh configuration", "firewall apply", .. Enabled, "sidecar apply", "start smm-agent-reconcile.path",
                "start smm-agent.service"],
            _host.Calls);
        Assert.True(_host.IgnoresHangup && isShown && _host.Dashboard.IsDisposed && _host.Sidecar.IsSourceClosed);
        Assert.True(_host.Sidecar.IsForced);
        Assert.EndsWith("✓ reconciled host operating system\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfirmedReconcileRecordsAndArmsBeforeTheFirstChangeAndEnablesNothing()
    {
        var hadSnapshot = false;
        _host.Record.During["firewall apply"] = () => hadSnapshot = _host.Snapshot.Exists;

        Assert.Equal(ExitCode.Done, await RunAsync(Window));

        Assert.Equal(
            [
                "fetch mesh configuration", "sidecar snapshot", "sidecar dry run", "firewall observe", "arm rollback", "firewall apply",
                    "sidecar apply",
                "start smm-agent-reconcile.path", "start smm-agent.service",
            ],
            _host.Calls);
        Assert.True(hadSnapshot);
        Assert.Equal(Window, _host.Units.TimerAfter);
        Assert.True(new HostRollback(_host.Context, _host.Units).IsPending);
        Assert.Contains("! not confirmed: in 120 s the changes are rolled back", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutRootNothingIsChanged()
    {
        _host.Unprivileged();

        Assert.Equal(ExitCode.NotPermitted, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains(
            "✗ reconcile changes the host, and must run as root; to see the plan first: sudo smm-agent reconcile --dry-run", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfirmationNeedsSystemd()
    {
        _host.NoSystemd = "this host was not booted with systemd";

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.Empty(_host.Calls);
        Assert.Contains("--confirm-within needs systemd", _host.Output, StringComparison.Ordinal);
        Assert.Contains("this host was not booted with systemd; nothing was changed", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReconcileIsRefusedWhileAnotherWaitsForItsConfirmation()
    {
        await ArmAsync();
        var armed = _host.Calls.Count;

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Equal(armed, _host.Calls.Count);
        Assert.EndsWith("✗ an earlier reconcile is waiting for confirmation: sudo smm-agent confirm\n", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePrivilegedServiceRunsWhileAnotherWaitsForItsConfirmation()
    {
        await ArmAsync();

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Contains("firewall apply", _host.Calls);
        Assert.True(_host.Snapshot.Exists);
    }

    [Fact]
    public async Task WithoutAgentYamlNothingIsChanged()
    {
        File.Delete(_host.Paths.Settings);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains($"✗ {_host.Paths.Settings} does not exist yet", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInvalidAgentYamlChangesNothing()
    {
        await File.WriteAllTextAsync(_host.Paths.Settings, "dashboard: {url: smm}\n", Cancel);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains($"✗ {_host.Paths.Settings}: ", _host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a\n", "no dashboard is set")]
    [InlineData("dashboard:\n  url: https://smm.example.com\n", "no WorkloadGroup is set")]
    public async Task AMissingSettingChangesNothing(string yaml, string message)
    {
        await File.WriteAllTextAsync(_host.Paths.Settings, yaml, Cancel);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Contains(message, _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingTokenChangesNothing()
    {
        File.Delete(_host.Paths.BearerToken);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(_host.Calls);
    }

    [Fact]
    public async Task ThePrivilegedServiceOfAHostThatIsNotConfiguredSucceeds()
    {
        await File.WriteAllTextAsync(_host.Paths.Settings, "\n", Cancel);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["firewall apply"], _host.Calls);
        Assert.Equal(StepOwner.Root, _host.Firewall.Owner);
        Assert.Contains("! no dashboard or no WorkloadGroup is set yet", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingUuidIsWrittenBeforeTheDashboardIsAsked()
    {
        _host.WriteSettings(uuid: "");
        var hadUuid = false;
        _host.Record.During["fetch mesh configuration"] = () => hadUuid =
            SettingsFile.Load(_host.Paths.Settings).Reading.Settings?.Uuid is not null;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.True(hadUuid);
        Assert.Contains("✓ uuid not present in config file, new uuid is generated uuid=", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePrivilegedServiceGeneratesNoUuid()
    {
        _host.WriteSettings(uuid: "");
        var before = await File.ReadAllTextAsync(_host.Paths.Settings, Cancel);

        await RunAsync(new ReconcileOptions { HostOnly = true });

        Assert.Equal(before, await File.ReadAllTextAsync(_host.Paths.Settings, Cancel));
    }

    [Fact]
    public async Task ThePrivilegedServiceStartsAndEnablesNoUnit()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["fetch mesh configuration", "firewall apply", "sidecar apply"], _host.Calls);
        Assert.False(_host.Sidecar.IsForced);
    }

    [Fact]
    public async Task AtBootTheTokenIsRestoredBeforeTheDashboardIsAsked()
    {
        _host.KeepMeshConfig();
        await WriteAttachedAsync();
        _host.Sidecar.HasKeptToken = true;

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["token restore", "fetch mesh configuration"], _host.Calls.Take(2));
    }

    [Fact]
    public async Task ASidecarWithoutATokenIsHeldBackAtBoot()
    {
        _host.KeepMeshConfig();
        await WriteAttachedAsync();
        _host.Sidecar.Observed = FakeSidecar.Installed("1.15.3", UnitActivity.Stopped);
        _host.Sidecar.Renew = _ => Task.FromResult<StepFailure?>(
            new(ReconcilePart.Token, "", StepFailureReason.NotWritten, "the dashboard refused"));

        await RunAsync(new ReconcileOptions { HostOnly = true });

        Assert.Equal(["token restore", "token renew", "sidecar observe", "stop istio.service", "fetch mesh configuration"],
            _host.Calls.Take(5));
        Assert.Contains("! the sidecar is not started before it has an istio-token: the dashboard refused", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenIsWaitedForTwentySecondsAtBoot()
    {
        _host.KeepMeshConfig();
        await WriteAttachedAsync();
        _host.Sidecar.Observed = FakeSidecar.Installed("1.15.3", UnitActivity.Stopped);
        var requested = new TaskCompletionSource();
        _host.Sidecar.Renew = async cancel =>
        {
            requested.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        };

        var run = RunAsync(new ReconcileOptions { HostOnly = true });
        await requested.Task;
        _host.Time.Advance(TimeSpan.FromSeconds(20));
        await run;

        Assert.Contains("stop istio.service", _host.Calls);
        Assert.Contains("the dashboard issued none within 20 s", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnreachableDashboardIsCoveredByTheLastGoodConfiguration()
    {
        _host.KeepMeshConfig();
        _host.Dashboard.Answer = Unreachable;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("sidecar apply", _host.Calls);
        Assert.Contains("using the last good configuration of 2026-01-01T11:00:00Z", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheLastGoodConfigurationOfAnotherDashboardCoversNothing()
    {
        _host.KeepMeshConfig(HostFixture.Target with { Url = new("https://other.example.com") });
        _host.Dashboard.Answer = Unreachable;

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("sidecar apply", _host.Calls);
        Assert.Contains("firewall apply", _host.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATimeoutOfTheDashboardIsATimeoutUnlessItIsCovered(bool isCovered)
    {
        if (isCovered)
            _host.KeepMeshConfig();
        _host.Dashboard.Answer = () => new DashboardFailure.Unreachable(UnreachableReason.TimedOut, "it did not answer");

        Assert.Equal(isCovered ? ExitCode.Done : ExitCode.Timeout, await RunAsync());
    }

    [Fact]
    public async Task ARefusalOfTheDashboardFailsAlsoWithALastGoodConfiguration()
    {
        _host.KeepMeshConfig();
        _host.Dashboard.Answer = () => new DashboardFailure.Refused(403, "forbidden", "not yours");

        Assert.Equal(ExitCode.Refused, await RunAsync());

        Assert.Contains("sidecar apply", _host.Calls);
    }

    [Fact]
    public async Task AnAnswerBecomesTheLastGoodConfiguration()
    {
        await RunAsync();

        Assert.Equal(HostFixture.Target, new LastGoodMeshConfig(_host.Paths.HostLastGoodMeshConfig).Load().Good?.From);
    }

    [Fact]
    public async Task AnUnknownSidecarIsNotChangedBecauseItCouldNotBeRolledBack()
    {
        _host.Sidecar.SnapshotFailure = "the package database is locked";

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.Equal(["fetch mesh configuration", "sidecar snapshot"], _host.Calls);
        Assert.EndsWith("✗ nothing was changed, because it could not be undone: the package database is locked\n", _host.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARollbackThatIsNotArmedChangesNothing()
    {
        _host.Units.Set("smm-agent-rollback.service", "active");

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.DoesNotContain("firewall apply", _host.Calls);
        Assert.DoesNotContain("sidecar apply", _host.Calls);
    }

    [Fact]
    public async Task AWindowThatEndsBetweenTwoStepsStopsTheReconcile()
    {
        _host.Record.During["firewall apply"] = () => _host.Time.Advance(Window);

        Assert.Equal(ExitCode.Timeout, await RunAsync(Window));

        Assert.DoesNotContain("start smm-agent.service", _host.Calls);
        Assert.EndsWith("they are rolled back: use a longer --confirm-within\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARollbackThatRanMeanwhileIsNotUndoneByTheDaemon()
    {
        _host.Record.During["sidecar apply"] = () => _host.Units.Set(FakeUnits.RollbackTimer);

        Assert.Equal(ExitCode.Timeout, await RunAsync(Window));

        Assert.DoesNotContain("start smm-agent.service", _host.Calls);
    }

    [Fact]
    public async Task ALockedFirewallFailsButTheRestIsDone()
    {
        _host.Firewall.Blocked = "another smm-agent has held the lock";

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("sidecar apply", _host.Calls);
        Assert.Contains("start smm-agent.service", _host.Calls);
        Assert.Contains("✗ another smm-agent has held the lock", _host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("✓ reconciled", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirewallStepThatFailsIsPrintedWithItsReason()
    {
        _host.Firewall.Applied = [new(new SetHosts([]), StepOutcome.Failed, "the kernel refused")];

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains(_host.Lines, line => line.StartsWith('✗') && line.EndsWith(": the kernel refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnErrorOfAFileFailsTheOperatorsReconcileAndTheDaemonIsStarted()
    {
        _host.Record.During["sidecar apply"] = () => throw new IOException("the report is not written");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("✗ the report is not written", _host.Output, StringComparison.Ordinal);
        Assert.Contains("start smm-agent.service", _host.Calls);
    }

    [Fact]
    public async Task ALockedSidecarIsATimeout()
    {
        _host.Sidecar.ApplyOutcome = new([], null, "another smm-agent is at work on the sidecar");

        Assert.Equal(ExitCode.Timeout, await RunAsync());

        Assert.Contains("✗ another smm-agent is at work on the sidecar", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASidecarThatWasRolledBackFails()
    {
        _host.Sidecar.ApplyOutcome = new(
            [new(ReconcilePart.Files, "", StepFailureReason.NotWritten, "the disk is full")], _host.Sidecar.Assessment, null)
        { IsRolledBack = true };

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("sidecar setup failed; its changes were rolled back", _host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timeout", ExitCode.Failed)]
    [InlineData("waiting", ExitCode.Timeout)]
    public async Task ADaemonThatDoesNotStartFailsTheReconcile(string result, int expected)
    {
        _host.Units.Results["start smm-agent.service"] = result;

        Assert.Equal(expected, await RunAsync());

        Assert.DoesNotContain("✓ reconciled", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMaskedDaemonIsNotStarted()
    {
        _host.Units.Set("smm-agent.service", file: "masked");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("start smm-agent.service", _host.Calls);
        Assert.Contains("sudo systemctl unmask smm-agent", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutSystemdTheDaemonIsLeftToTheOperator()
    {
        _host.NoSystemd = "this host was not booted with systemd";

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["fetch mesh configuration", "firewall apply", "sidecar apply"], _host.Calls);
        Assert.Contains("start the daemon manually: smm-agent run", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirewallInModeCheckIsNotChanged()
    {
        _host.WriteSettings("firewall: {mode: check}\n");

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("firewall dry run", _host.Calls);
        Assert.DoesNotContain("firewall apply", _host.Calls);
    }

    [Fact]
    public async Task ASidecarInModeCheckIsOnlyReported()
    {
        _host.WriteSettings("sidecar: {mode: check}\n");

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("sidecar report", _host.Calls);
        Assert.DoesNotContain("sidecar apply", _host.Calls);
    }

    [Fact]
    public async Task AnInterruptedReconcileFailsAndChangesNothingMore()
    {
        using var interrupted = new CancellationTokenSource();
        _host.Record.During["fetch mesh configuration"] = interrupted.Cancel;

        Assert.Equal(ExitCode.Failed, await new HostReconciler(_host.Context, new()).RunAsync(interrupted.Token));

        Assert.Equal(["fetch mesh configuration"], _host.Calls);
        Assert.Contains("✗ interrupted", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InterruptionDoesNotWaitForTheFirstAnswerOfSystemd()
    {
        using var interrupted = new CancellationTokenSource();
        using var answer = new ManualResetEventSlim();
        _host.OpeningUnits = () =>
        {
            interrupted.Cancel();
            answer.Wait(TimeSpan.FromMinutes(1));
        };

        Assert.Equal(ExitCode.Failed, await new HostReconciler(_host.Context, new()).RunAsync(interrupted.Token));

        Assert.False(answer.IsSet);
        answer.Set();
        Assert.Empty(_host.Calls);
        Assert.Equal("✗ interrupted; the next reconcile continues from here\n", _host.Output);
    }

    [Fact]
    public async Task ADryRunChangesNothing()
    {
        var before = Directory.GetFiles(_host.Paths.Root, "*", SearchOption.AllDirectories);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true }));

        Assert.Equal(["fetch mesh configuration", "firewall dry run", "sidecar dry run"], _host.Calls);
        Assert.Equal(before.Order(), Directory.GetFiles(_host.Paths.Root, "*", SearchOption.AllDirectories).Order());
        Assert.False(_host.IgnoresHangup);
        Assert.EndsWith("❯ would enable and start smm-agent.service\n", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunIsPossibleWithoutRoot()
    {
        _host.Unprivileged();

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true }));
    }

    [Fact]
    public async Task ADryRunPrintsTheRollbackAndThePlan()
    {
        _host.Firewall.Planned = new([new SetHosts(["192.0.2.1 a"])]);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true, ConfirmWithin = Window }));

        Assert.Contains("❯ would arm a rollback within=120s\n❯ ", _host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("arm rollback", _host.Calls);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DashboardResult<MeshConfigAnswer> Unreachable() =>
        new DashboardFailure.Unreachable(UnreachableReason.NoRoute, "no route to host");

    private Task<int> RunAsync(TimeSpan? confirmWithin = null) => RunAsync(new ReconcileOptions { ConfirmWithin = confirmWithin });

    private Task<int> RunAsync(ReconcileOptions options) => new HostReconciler(_host.Context, options).RunAsync(Cancel);

    private async Task ArmAsync() => Assert.True(await new HostRollback(_host.Context, _host.Units).ArmAsync(Window, null, Cancel));

    // Also a cluster.env, without which the sidecar is held back for another reason.
    private async Task WriteAttachedAsync()
    {
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllBytesAsync(_host.Paths.BeforeAttach, FakeSidecar.Before(null).Write(), Cancel);
        var file = _host.Paths.Root + Core.Sidecar.Configuration.SidecarFiles.ClusterEnvironment;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "", Cancel);
    }
}
