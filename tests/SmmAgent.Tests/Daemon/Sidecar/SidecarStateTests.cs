using NSubstitute;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Tests.Daemon.Sidecar;

/// <summary>The conditions, the log and the intervals of the sidecar service.</summary>
public sealed class SidecarStateTests : SidecarServiceFixture
{
    [Fact]
    public async Task ModeOffObservesNothing()
    {
        Set(ManagementMode.Off);

        Assert.Equal(TimeSpan.FromHours(1), await StepAsync());

        Assert.All(_states.Sidecar.Value.Conditions,
            finding => Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Disabled), (finding.Status, finding.Reason)));
        _units.DidNotReceive().ObserveService(SidecarObserver.Unit);
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task MissingMeshConfigurationIsNotConfigured()
    {
        _states.Mesh.Publish(MeshConfigState.Initial);

        Assert.Equal(TimeSpan.FromHours(1), await StepAsync());

        Assert.All(Reasons, update => Assert.Equal(ConditionUpdate.NotConfigured, update.Reason));
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task RunningSidecarIsReportedAndObservedOftenUntilItIsRegistered()
    {
        Set(ManagementMode.Check);
        Install("1.15.3");
        Unit("active", Start);

        Assert.Equal(SidecarService.IntervalAtStart, await StepAsync());
        Assert.Equal(("1.15.3", true, Start),
            (_states.Sidecar.Value.Version, _states.Sidecar.Value.Unit!.IsReady, _states.Sidecar.Value.Unit.Since));
        Assert.Contains(("SidecarRunning", "Running"), Reasons);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());

        Register();
        Assert.Equal(SidecarService.Interval, await StepAsync());

        _readiness.Answers = _ => RawServer.Answer("503 Service Unavailable", "");
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());
        Assert.Contains(("SidecarRunning", "NotReady"), Reasons);
    }

    [Fact]
    public async Task FailureIsReadFromTheLogBelowTheSameRoot()
    {
        Set(ManagementMode.Check);
        Install("1.15.3");
        Unit("active", Start);
        Directory.CreateDirectory(Below("var/log/istio"));
        await File.WriteAllTextAsync(
            Below("var/log/istio/istio.err.log"),
                "2026-01-01T12:00:01.000000Z\terror\tFailed to listen on 127.0.0.1:15000: listen tcp 127.0.0.1:15000: bind: "
                    + "address already in use\n", Cancel);

        await StepAsync();
        Assert.NotNull(_states.Sidecar.Value.Failure);

        // Also if the dashboard reported it as registered, because that may no longer hold.
        Register();
        await StepAsync();
        Assert.Equal("15000", _states.Sidecar.Value.Failure!.Subject);

        // The log entry is of an earlier run.
        Unit("active", Start.AddSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(3));
        await StepAsync();
        Assert.Null(_states.Sidecar.Value.Failure);
    }

    [Fact]
    public async Task HeldBackSidecarIsObservedWhenItMayStart()
    {
        Install("1.15.3");
        _records.Report(ReconcileReport.None with { CrashLoop = new(HeldUntil: Start.AddSeconds(4)) });

        Assert.Equal(TimeSpan.FromSeconds(4), await StepAsync());
        Assert.Contains(("SidecarRunning", "CrashLoop"), Reasons);
    }

    [Fact]
    public async Task FailureOfAReconcileIsLoggedOnceAndReachesTheConditions()
    {
        Fail("its SHA-256 is another");
        await StepAsync();
        Assert.Equal(["Information: Privileged reconcile failed: package (WrongChecksum): its SHA-256 is another"], _log.Lines);
        _time.Advance(TimeSpan.FromSeconds(30));
        await StepAsync();
        Assert.Equal("Warning: Privileged reconcile failed: package (WrongChecksum): its SHA-256 is another",
            Assert.Single(_log.Lines.Skip(1)));
        Assert.Contains(("SidecarInstalled", "WrongChecksum"), Reasons);

        // The message may differ at each attempt.
        for (var other = 0; other < 3; other++)
        {
            Fail($"its SHA-256 is {other}");
            _time.Advance(TimeSpan.FromMinutes(1));
            await StepAsync();
        }

        Assert.Equal(2, _log.Lines.Count);

        _records.Report(ReconcileReport.None);
        await StepAsync();
        Assert.Equal("Information: Privileged reconcile succeeded: package (failed before: WrongChecksum)", _log.Lines[^1]);

        void Fail(string message) =>
            _records.Report(ReconcileReport.None with
            {
                Failures = [new(ReconcilePart.Package, "1.15.3", StepFailureReason.WrongChecksum,
                message)]
            });
    }

    [Fact]
    public async Task FailedUpgradeOfTheAgentIsLoggedWithModeOff()
    {
        Set(ManagementMode.Off);
        _records.Report(ReconcileReport.None with
        {
            Failures = [new(ReconcilePart.Upgrade, "0.2.0", StepFailureReason.WrongChecksum,
            "its SHA-256 is another")]
        });

        await StepAsync();

        Assert.Equal(["Information: Privileged reconcile failed: upgrade (WrongChecksum): its SHA-256 is another"], _log.Lines);
    }

    [Theory]
    [InlineData(5, null)] // half of its lifetime is over
    [InlineData(60, 5)]
    public async Task TokenIsObservedWhenItIsDueAndWhenItExpires(int expires, int? half)
    {
        Install("1.15.3");
        Unit("active", Start - TimeSpan.FromMinutes(5));
        Register();
        await PutTokenAsync(new(half is null ? TokenVerdict.Renew : TokenVerdict.Use, "a test's",
            half is { } seconds ? Start.AddSeconds(seconds) : null, Start.AddSeconds(expires)));

        Assert.Equal(TimeSpan.FromSeconds(5), await StepAsync());
    }
}
