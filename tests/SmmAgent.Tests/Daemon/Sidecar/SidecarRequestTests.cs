using NSubstitute;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Sidecar;

/// <summary>Reconcile requests of the sidecar service.</summary>
public sealed class SidecarRequestTests : SidecarServiceFixture
{
    [Fact]
    public async Task MissingSidecarIsRequested()
    {
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());

        Assert.Equal(
            [("SidecarInstalled", "NotInstalled"), ("SidecarCurrent", "NotInstalled"), ("SidecarRunning", "NotInstalled")], Reasons);
        var line = Assert.Single(_requests.Lines);
        Assert.StartsWith("Information: Requested a privileged reconcile: ", line, StringComparison.Ordinal);
        Assert.All(
            ["install istio-sidecar 1.15.3", "start istio.service",
                "write /etc/systemd/system/istio.service.d/10-smm-agent.conf (it is missing)"],
            step => Assert.Contains(step, line.Split(": ", 3)[2].Split("; ")));
        Assert.True(IsAsked);
    }

    [Fact]
    public async Task FirstReconcileIsDueForTwoMinutesAtMost()
    {
        await StepAsync();
        Assert.True(_states.Sidecar.Value.IsReconcileDue);

        _time.Advance(TimeSpan.FromMinutes(2));
        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task ReconcileIsNotDueAfterAReport()
    {
        _records.Report(ReconcileReport.None);
        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task RunningReconcileOfAnOperatorIsDueAndNothingIsRequested()
    {
        _records.Report(ReconcileReport.None);
        using (await PrivilegedPresence.ShowAsync(_paths.PrivilegedPresence, TimeProvider.System, Cancel))
        {
            Assert.Equal(SidecarService.IntervalAtStart, await StepAsync());
            Assert.True(_states.Sidecar.Value.IsReconcileDue);
            Assert.False(IsAsked);
        }

        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
        Assert.True(IsAsked);
    }

    [Theory]
    [InlineData("smm-agent-reconcile.service", "active", true)]
    [InlineData("smm-agent-reconcile.service", "activating", true)]
    [InlineData("smm-agent-reconcile-request.service", "activating", true)]
    [InlineData("smm-agent-reconcile-request.service", "deactivating", false)] // the pause after a run
    public async Task ReconcileIsDueWhileSystemdRunsIt(string unit, string active, bool isDue)
    {
        _records.Report(ReconcileReport.None);
        _units.ObserveService(unit).Returns(new ServiceState(new(unit, "loaded", active, "", "enabled"), 1, Start, 0, "success"));

        await StepAsync();

        Assert.Equal(isDue, _states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task CheckModeLeavesTheSidecarToTheOperator()
    {
        Set(ManagementMode.Check);

        await StepAsync();

        Assert.Contains("left to you", _states.Sidecar.Value.Conditions[0].Message, StringComparison.Ordinal);
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task StopOfAFailingSidecarIsRequestedOnce()
    {
        Install("1.15.3");
        Unit("activating", null, restarts: CrashLoop.MaximumFailures);

        for (var step = 0; step < 3; step++)
        {
            await StepAsync();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains("stop istio.service, which keeps failing", Assert.Single(_requests.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ManagementMode.Off)]
    [InlineData(ManagementMode.Check)]
    public async Task NewerAgentIsRequestedInEveryMode(ManagementMode mode)
    {
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config("1.15.3", Package("smm-agent", "0.2.0")) });
        Set(mode);
        await StepAsync();
        Assert.True(IsAsked);

        File.Delete(_paths.ReconcileRequest);
        _states.Settings.Publish(_states.Settings.Value with { Settings = _states.Settings.Value.Settings with { SelfUpgrade = false } });
        _time.Advance(ReconcileRequest.Maximum);
        await StepAsync();
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task FailedWorkIsRequestedAtOnceAfterTheDashboardIsBack()
    {
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);
        await StepAsync();
        Assert.False(IsAsked);

        _service.Retry();
        Assert.True(await _service.Signal.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
        await StepAsync();

        Assert.True(IsAsked);
    }

    [Fact]
    public async Task FailedWorkIsRequestedAtOnceAfterTheMeshConfigurationIsCurrentAgain()
    {
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);
        _states.Mesh.Publish(_states.Mesh.Value with
        {
            ConfigCurrent = ConditionUpdate.False(ConditionType.ConfigCurrent, "DashboardError",
            "503")
        });
        await StepAsync();
        Assert.False(IsAsked);

        _states.Mesh.Publish(_states.Mesh.Value with { ConfigCurrent = ConditionUpdate.True(ConditionType.ConfigCurrent, "Current", "") });
        await StepAsync();
        Assert.True(IsAsked);

        File.Delete(_paths.ReconcileRequest);
        await StepAsync();
        Assert.False(IsAsked);
    }

    [Theory]
    [InlineData(ReconcilePart.Package, StepFailureReason.Unreachable, true)]
    [InlineData(ReconcilePart.Token, StepFailureReason.TokenRefused, true)]
    [InlineData(ReconcilePart.Package, StepFailureReason.InstallFailed, false)]
    public async Task ReturnOfTheDashboardRetriesOnlyFailuresOfItsAbsence(ReconcilePart part, StepFailureReason reason, bool isAsked)
    {
        _records.Report(ReconcileReport.None with { Failures = [new(part, "1.15.3", reason, "a test's")] });
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);

        _service.Retry();
        await StepAsync();

        Assert.Equal(isAsked, IsAsked);
    }

    [Fact]
    public async Task TokenThatBecomesDueDuringAnObservationIsRequestedAtOnce()
    {
        Install("1.15.3");
        Unit("active", Start - TimeSpan.FromMinutes(5));
        Register();
        await PutTokenAsync(new(TokenVerdict.Use, "a test's", Start.AddSeconds(2), Start.AddMinutes(30)));
        _time.Advance(TimeSpan.FromSeconds(1.999));
        _units.When(units => units.ObserveService(SidecarObserver.Unit)).Do(_ => _time.Advance(TimeSpan.FromMilliseconds(20)));

        Assert.Equal(TimeSpan.FromMilliseconds(1), await StepAsync());
        await StepAsync();

        Assert.Contains("fetch a new istio-token", _requests.Lines[^1], StringComparison.Ordinal);
    }
}
