using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>Each way in which a part of a reconcile fails.</summary>
public sealed class ReconcileFailureTests : HostReconcilerFixture
{
    [Fact]
    public async Task AnUnreachableDashboardIsCoveredByTheLastGoodConfiguration()
    {
        Stage.KeepMeshConfig();
        Stage.Dashboard.Answer = Unreachable;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Contains("sidecar apply", Stage.Calls);
        Assert.Contains("using the last good configuration of 2026-01-01T11:00:00Z", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheLastGoodConfigurationOfAnotherDashboardCoversNothing()
    {
        Stage.KeepMeshConfig(HostFixture.Target with { Url = new("https://other.example.com") });
        Stage.Dashboard.Answer = Unreachable;

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("sidecar apply", Stage.Calls);
        Assert.Contains("firewall apply", Stage.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATimeoutOfTheDashboardIsATimeoutUnlessItIsCovered(bool isCovered)
    {
        if (isCovered)
            Stage.KeepMeshConfig();
        Stage.Dashboard.Answer = () => new DashboardFailure.Unreachable(UnreachableReason.TimedOut, "it did not answer");

        Assert.Equal(isCovered ? ExitCode.Done : ExitCode.Timeout, await RunAsync());
    }

    [Fact]
    public async Task ARefusalOfTheDashboardFailsAlsoWithALastGoodConfiguration()
    {
        Stage.KeepMeshConfig();
        Stage.Dashboard.Answer = () => new DashboardFailure.Refused(403, "forbidden", "not yours");

        Assert.Equal(ExitCode.Refused, await RunAsync());

        Assert.Contains("sidecar apply", Stage.Calls);
    }

    [Fact]
    public async Task AnUnknownSidecarIsNotChangedBecauseItCouldNotBeRolledBack()
    {
        Stage.Sidecar.SnapshotFailure = "the package database is locked";

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.Equal(["fetch mesh configuration", "sidecar snapshot"], Stage.Calls);
        Assert.EndsWith("✗ nothing was changed, because it could not be undone: the package database is locked\n", Stage.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARollbackThatIsNotArmedChangesNothing()
    {
        Stage.Units.Set("smm-agent-rollback.service", "active");

        Assert.Equal(ExitCode.Failed, await RunAsync(Window));

        Assert.DoesNotContain("firewall apply", Stage.Calls);
        Assert.DoesNotContain("sidecar apply", Stage.Calls);
    }

    [Fact]
    public async Task AWindowThatEndsBetweenTwoStepsStopsTheReconcile()
    {
        Stage.Record.During["firewall apply"] = () => Stage.Time.Advance(Window);

        Assert.Equal(ExitCode.Timeout, await RunAsync(Window));

        Assert.DoesNotContain("start smm-agent.service", Stage.Calls);
        Assert.EndsWith("they are rolled back: use a longer --confirm-within\n", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARollbackThatRanMeanwhileIsNotUndoneByTheDaemon()
    {
        Stage.Record.During["sidecar apply"] = () => Stage.Units.Set(FakeUnits.RollbackTimer);

        Assert.Equal(ExitCode.Timeout, await RunAsync(Window));

        Assert.DoesNotContain("start smm-agent.service", Stage.Calls);
    }

    [Fact]
    public async Task ALockedFirewallFailsButTheRestIsDone()
    {
        Stage.Firewall.Blocked = "another smm-agent has held the lock";

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("sidecar apply", Stage.Calls);
        Assert.Contains("start smm-agent.service", Stage.Calls);
        Assert.Contains("✗ another smm-agent has held the lock", Stage.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("✓ reconciled", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirewallStepThatFailsIsPrintedWithItsReason()
    {
        Stage.Firewall.Applied = [new(new SetHosts([]), StepOutcome.Failed, "the kernel refused")];

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains(Stage.Lines, line => line.StartsWith('✗') && line.EndsWith(": the kernel refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnErrorOfAFileFailsTheOperatorsReconcileAndTheDaemonIsStarted()
    {
        Stage.Record.During["sidecar apply"] = () => throw new IOException("the report is not written");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("✗ the report is not written", Stage.Output, StringComparison.Ordinal);
        Assert.Contains("start smm-agent.service", Stage.Calls);
    }

    [Fact]
    public async Task ALockedSidecarIsATimeout()
    {
        Stage.Sidecar.ApplyOutcome = new([], null, "another smm-agent is at work on the sidecar");

        Assert.Equal(ExitCode.Timeout, await RunAsync());

        Assert.Contains("✗ another smm-agent is at work on the sidecar", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASidecarThatWasRolledBackFails()
    {
        Stage.Sidecar.ApplyOutcome = new(
            [new(ReconcilePart.Files, "", StepFailureReason.NotWritten, "the disk is full")], Stage.Sidecar.Assessment, null)
        { IsRolledBack = true };

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("sidecar setup failed; its changes were rolled back", Stage.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timeout", ExitCode.Failed)]
    [InlineData("waiting", ExitCode.Timeout)]
    public async Task ADaemonThatDoesNotStartFailsTheReconcile(string result, int expected)
    {
        Stage.Units.Results["start smm-agent.service"] = result;

        Assert.Equal(expected, await RunAsync());

        Assert.DoesNotContain("✓ reconciled", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMaskedDaemonIsNotStarted()
    {
        Stage.Units.Set("smm-agent.service", file: "masked");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("start smm-agent.service", Stage.Calls);
        Assert.Contains("sudo systemctl unmask smm-agent", Stage.Output, StringComparison.Ordinal);
    }
}
