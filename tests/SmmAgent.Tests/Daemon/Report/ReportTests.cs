using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The report to the dashboard: when it is sent, and the conditions that follow from its answer.</summary>
public sealed class ReportTests : ReportServiceFixture
{
    [Fact]
    public async Task ReportIsFollowedByRegistrationAndDialBackAndThenByNothing()
    {
        var wait = await StepAsync();
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        Assert.Equal(ReportService.Interval, wait);
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
        Assert.Equal($"{Sample.Namespace}/{Sample.Name}", _view.Value.Group);
        Assert.Contains("the cluster demo reaches all 3 ports", _view.Value.ReachableFromCluster.Message, StringComparison.Ordinal);
        Assert.True(_view.Value.Reached[16400]);
    }

    [Fact]
    public async Task CopyOfAMachineReportsNothingUnderTheUuidOfTheOriginal()
    {
        var uuid = Guid.NewGuid();
        _agent.Settings.Publish(_agent.Settings.Value with { Settings = _agent.Settings.Value.Settings with { Uuid = uuid } });
        await StepAsync();
        _calls.Clear();

        _agent.BecomeAnotherMachine();
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();

        Assert.Empty(_calls);
        Assert.Equal(("ForeignIdentity", "ForeignIdentity", "ForeignIdentity"), Reasons());
        Assert.Contains("sudo smm-agent reconcile", _view.Value.Registered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewReportUpdatesItsTimeWithoutANotification()
    {
        await StepAsync();
        var first = _agent.Time.GetUtcNow();
        Assert.Equal(first, _view.Value.ReportedAt);

        var reader = new Signal();
        _view.NotifyOnChange(reader);
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();
        Assert.Equal(first + ReportService.Interval, _view.Value.ReportedAt);
        Assert.False(await reader.WaitAsync(TimeSpan.Zero, _agent.Time, TestContext.Current.CancellationToken));

        _report = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();
        Assert.Equal(first + ReportService.Interval, _view.Value.ReportedAt);
        Assert.True(await reader.WaitAsync(TimeSpan.Zero, _agent.Time, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ChangesWithinFiveSecondsAreOneReport()
    {
        await StepAsync();
        _source.InterfaceAddresses = ["10.0.0.3"];
        var wait = await StepAsync();
        Assert.Equal((ReportService.Pause, 1), (wait, _calls.Count(call => call == "report")));

        _agent.Time.Advance(ReportService.Pause);
        await StepAsync();
        Assert.Equal(2, _calls.Count(call => call == "report"));
    }

    [Fact]
    public async Task ReportIsSentAgainWhenTheDashboardLostIt()
    {
        var good = _dialBack;
        _dialBack = Sample.Problem("409 Conflict", "no-report", "");
        await StepAsync();
        _dialBack = good;
        _agent.Time.Advance(TimeSpan.FromSeconds(10));
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back", "report", "dial-back"], _calls);
        Assert.Equal("Reached", _view.Value.ReachableFromCluster.Reason);
    }

    [Fact]
    public async Task ForeignAgentKeyIsReportedWithTheFix()
    {
        _report = Sample.Problem("403 Forbidden", "agent-key-mismatch", "");
        await StepAsync();

        Assert.Equal(["report"], _calls);
        Assert.Equal("AgentKeyMismatch", _view.Value.Registered.Reason);
        Assert.Contains("sudo sed -i '/^uuid:/d' /etc/smm/agent.yaml", _view.Value.Registered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DuplicateIdentityIsReportedWithTheFixAndRetriedEachMinute()
    {
        _report = Sample.Problem("409 Conflict", "duplicate-identity",
            "vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with its /etc/machine-id");
        var wait = await StepAsync();

        Assert.Equal(["report"], _calls);
        IsDuplicate();
        Assert.InRange(wait, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(66));

        // A uuid of its own is reported at once.
        _report = "HTTP/1.1 204 No Content\r\n\r\n";
        _agent.Settings.Publish(_agent.Settings.Value with { Settings = _agent.Settings.Value.Settings with { Uuid = Guid.NewGuid() } });
        await StepAsync();
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    [Fact]
    public async Task DuplicateIdentityIsReportedAlsoByTheHostWithTheKeptReports()
    {
        var (registration, dialBack) = (_registration, _dialBack);
        _registration = _dialBack = Sample.Problem("409 Conflict", "duplicate-identity",
            "vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with its /etc/machine-id");
        var wait = await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        IsDuplicate();
        Assert.InRange(wait, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(66));

        (_registration, _dialBack) = (registration, dialBack);
        _agent.Time.Advance(wait);
        await StepAsync();
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    [Fact]
    public async Task ReportContainsTheBootOfTheHost()
    {
        await StepAsync();

        Assert.Equal("0123456789abcdef", _instance);
    }

    [Fact]
    public async Task UnreachableDashboardIsRetriedAndConditionsAreUnknown()
    {
        await _agent.Server.DisposeAsync();
        var wait = await StepAsync();

        Assert.Equal(("DashboardUnreachable", "DashboardUnreachable", "DashboardUnreachable"), Reasons());
        Assert.Equal(ConditionStatus.Unknown, _view.Value.Registered.Status);
        Assert.InRange(wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task UnknownConditionsAreRequestedAfterTheNextSuccessfulReport()
    {
        await StepAsync();
        var report = _report;
        _report = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        _source.InterfaceAddresses = ["10.0.0.3"];
        _agent.Time.Advance(ReportService.Pause);
        var wait = await StepAsync();
        Assert.Equal(ConditionStatus.Unknown, _view.Value.Registered.Status);

        _report = report;
        _calls.Clear();
        _agent.Time.Advance(wait);
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    [Fact]
    public async Task NothingIsSentWithoutSettings()
    {
        _agent.Settings.Publish(SettingsState.Empty);
        await StepAsync();

        Assert.Empty(_calls);
        Assert.Equal("NotConfigured", _view.Value.Registered.Reason);
    }

    private void IsDuplicate()
    {
        Assert.Equal(("DuplicateIdentity", "DuplicateIdentity", "DuplicateIdentity"), Reasons());
        Assert.Equal(
            (ConditionStatus.False, ConditionStatus.False, ConditionStatus.Unknown),
            (_view.Value.ReachableFromCluster.Status, _view.Value.Registered.Status, _view.Value.Healthy.Status));
        Assert.Equal(
            "two hosts report under this VM's uuid and key (vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with "
                + "its /etc/machine-id); "
                + "on the one that is a copy: tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo smm-agent reconcile",
            _view.Value.Registered.Message);
    }
}
