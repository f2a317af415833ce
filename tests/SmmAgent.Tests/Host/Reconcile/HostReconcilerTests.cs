using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.State;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>The order of a reconcile, and what it refuses.</summary>
public sealed class HostReconcilerTests : HostReconcilerFixture
{
    [Fact]
    public async Task AReconcileFetchesThenOpensPortsThenEnablesThenAttachesThenStartsTheDaemon()
    {
        var isShown = false;
        Stage.Record.During["firewall apply"] = () => isShown = PrivilegedPresence.IsShown(Stage.Paths.PrivilegedPresence);

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(
            ["fetch mesh configuration", "firewall apply", .. Enabled, "sidecar apply", "start smm-agent-reconcile.path",
                "start smm-agent.service"],
            Stage.Calls);
        Assert.True(Stage.IgnoresHangup && isShown && Stage.Dashboard.IsDisposed && Stage.Sidecar.IsSourceClosed);
        Assert.True(Stage.Sidecar.IsForced);
        Assert.EndsWith("✓ reconciled host operating system\n", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfirmedReconcileRecordsAndArmsBeforeTheFirstChangeAndEnablesNothing()
    {
        var hadSnapshot = false;
        Stage.Record.During["firewall apply"] = () => hadSnapshot = Stage.Snapshot.Exists;

        Assert.Equal(ExitCode.Done, await RunAsync(Window));

        Assert.Equal(
            [
                "fetch mesh configuration", "sidecar snapshot", "sidecar dry run", "firewall observe", "arm rollback", "firewall apply",
                    "sidecar apply",
                "start smm-agent-reconcile.path", "start smm-agent.service",
            ],
            Stage.Calls);
        Assert.True(hadSnapshot);
        Assert.Equal(Window, Stage.Units.TimerAfter);
        Assert.True(new HostRollback(Stage.Context, Stage.Units).IsPending);
        Assert.Contains("! not confirmed: in 120 s the changes are rolled back", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutRootNothingIsChanged()
    {
        Stage.Unprivileged();

        Assert.Equal(ExitCode.NotPermitted, await RunAsync());

        Assert.Empty(Stage.Calls);
        Assert.Contains(
            "✗ reconcile changes the host, and must run as root; to see the plan first: sudo smm-agent reconcile --dry-run", Stage.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfirmationNeedsSystemd()
    {
        Stage.NoSystemd = "this host was not booted with systemd";

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.Empty(Stage.Calls);
        Assert.Contains("--confirm-within needs systemd", Stage.Output, StringComparison.Ordinal);
        Assert.Contains("this host was not booted with systemd; nothing was changed", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReconcileIsRefusedWhileAnotherWaitsForItsConfirmation()
    {
        await ArmAsync();
        var armed = Stage.Calls.Count;

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Equal(armed, Stage.Calls.Count);
        Assert.EndsWith("✗ an earlier reconcile is waiting for confirmation: sudo smm-agent confirm\n", Stage.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerBecomesTheLastGoodConfiguration()
    {
        await RunAsync();

        Assert.Equal(HostFixture.Target, new LastGoodMeshConfig(Stage.Paths.HostLastGoodMeshConfig).Load().Good?.From);
    }

    [Fact]
    public async Task WithoutSystemdTheDaemonIsLeftToTheOperator()
    {
        Stage.NoSystemd = "this host was not booted with systemd";

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["fetch mesh configuration", "firewall apply", "sidecar apply"], Stage.Calls);
        Assert.Contains("start the daemon manually: smm-agent run", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirewallInModeCheckIsNotChanged()
    {
        Stage.WriteSettings("firewall: {mode: check}\n");

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("firewall dry run", Stage.Calls);
        Assert.DoesNotContain("firewall apply", Stage.Calls);
    }

    [Fact]
    public async Task ASidecarInModeCheckIsOnlyReported()
    {
        Stage.WriteSettings("sidecar: {mode: check}\n");

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("sidecar report", Stage.Calls);
        Assert.DoesNotContain("sidecar apply", Stage.Calls);
    }

    [Fact]
    public async Task AnInterruptedReconcileFailsAndChangesNothingMore()
    {
        using var interrupted = new CancellationTokenSource();
        Stage.Record.During["fetch mesh configuration"] = interrupted.Cancel;

        Assert.Equal(ExitCode.Failed, await new HostReconciler(Stage.Context, new()).RunAsync(interrupted.Token));

        Assert.Equal(["fetch mesh configuration"], Stage.Calls);
        Assert.Contains("✗ interrupted", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InterruptionDoesNotWaitForTheFirstAnswerOfSystemd()
    {
        using var interrupted = new CancellationTokenSource();
        using var answer = new ManualResetEventSlim();
        Stage.OpeningUnits = () =>
        {
            interrupted.Cancel();
            answer.Wait(TimeSpan.FromMinutes(1));
        };

        Assert.Equal(ExitCode.Failed, await new HostReconciler(Stage.Context, new()).RunAsync(interrupted.Token));

        Assert.False(answer.IsSet);
        answer.Set();
        Assert.Empty(Stage.Calls);
        Assert.Equal("✗ interrupted; the next reconcile continues from here\n", Stage.Output);
    }

    [Fact]
    public async Task ADryRunChangesNothing()
    {
        var before = Directory.GetFiles(Stage.Paths.Root, "*", SearchOption.AllDirectories);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true }));

        Assert.Equal(["fetch mesh configuration", "firewall dry run", "sidecar dry run"], Stage.Calls);
        Assert.Equal(before.Order(), Directory.GetFiles(Stage.Paths.Root, "*", SearchOption.AllDirectories).Order());
        Assert.False(Stage.IgnoresHangup);
        Assert.EndsWith("❯ would enable and start smm-agent.service\n", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunIsPossibleWithoutRoot()
    {
        Stage.Unprivileged();

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true }));
    }

    [Fact]
    public async Task ADryRunPrintsTheRollbackAndThePlan()
    {
        Stage.Firewall.Planned = new([new SetHosts(["192.0.2.1 a"])]);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { DryRun = true, ConfirmWithin = Window }));

        Assert.Contains("❯ would arm a rollback within=120s\n❯ ", Stage.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("arm rollback", Stage.Calls);
    }
}
