using NSubstitute;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Sidecar;

/// <summary>The counters of privileged reconciles and of restarts.</summary>
public sealed class SidecarCountsTests : SidecarServiceFixture
{
    [Fact]
    public async Task RestartIsCountedAndTheFirstStartIsNot()
    {
        Set(ManagementMode.Check);
        Install("1.15.3");
        await StepAsync();
        Unit("active", Start);
        await StepAsync();
        await StepAsync();
        Assert.Equal(0, Count(CountedEvent.SidecarRestarted));

        Unit("inactive", null);
        await StepAsync();
        Unit("active", Start.AddSeconds(30));
        await StepAsync();
        await StepAsync();

        Assert.Equal(1, Count(CountedEvent.SidecarRestarted));
    }

    [Theory]
    [InlineData(ManagementMode.Manage)]
    [InlineData(ManagementMode.Off)]
    public async Task ReconcileIsCountedOnceByItsOutcome(ManagementMode mode)
    {
        Set(mode);
        await StepAsync();
        Report(ReconcileReport.None, minute: 1);
        await StepAsync();
        await StepAsync();
        Assert.Equal((1, 0), (Count(CountedEvent.ReconcileSucceeded), Count(CountedEvent.ReconcileFailed)));

        var failure = new StepFailure(ReconcilePart.Package, "1.15.3", StepFailureReason.Unreachable, "no route");
        Report(ReconcileReport.None with { Failures = [failure] }, minute: 2);
        await StepAsync();

        Assert.Equal((1, 1), (Count(CountedEvent.ReconcileSucceeded), Count(CountedEvent.ReconcileFailed)));
    }

    [Fact]
    public async Task ReportOfARunningReconcileIsCountedAfterItsEnd()
    {
        Set(ManagementMode.Off);
        Reconcile("activating");
        Report(ReconcileReport.None, minute: 1);

        Assert.Equal(SidecarCounts.Again, await StepAsync());
        Assert.Equal(0, Count(CountedEvent.ReconcileSucceeded));

        Reconcile("inactive");
        Assert.Equal(TimeSpan.FromHours(1), await StepAsync());
        Assert.Equal(1, Count(CountedEvent.ReconcileSucceeded));
    }

    // The time of a file is that of the host, not that of the test.
    private void Report(ReconcileReport report, int minute)
    {
        _records.Report(report);
        File.SetLastWriteTimeUtc(_paths.RootReport, Start.UtcDateTime.AddMinutes(minute));
    }

    private void Reconcile(string active) => _units.ObserveService("smm-agent-reconcile.service").Returns(
        new ServiceState(new("smm-agent-reconcile.service", "loaded", active, "", "static"), 0, null, 0, "success"));
}
