using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The schedule of dial-back requests.</summary>
public sealed class DialBackScheduleTests : ReportServiceFixture
{
    [Fact]
    public async Task DialBackWaitsForTheFirstObservationOfTheFirewall()
    {
        _ports.Publish(PortsState.Initial);
        await StepAsync();
        Assert.Equal(["report", "registration"], _calls);
        Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Pending),
            (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));

        _ports.Publish(new PortsState([], ConditionUpdate.True(ConditionType.PortsOpen, "Open", "")));
        await StepAsync();
        Assert.Equal("dial-back", _calls[^1]);
    }

    [Fact]
    public async Task NewAddressIsReportedBeforeItIsDialled()
    {
        await StepAsync();
        _calls.Clear();
        _address.Publish(_address.Value with { Address = new(IPAddress.Parse("198.18.0.9"), "configured") });
        await StepAsync();
        Assert.Empty(_calls);

        _agent.Time.Advance(ReportService.Pause);
        await StepAsync();
        Assert.Equal(["report", "dial-back"], _calls);
    }

    [Fact]
    public async Task NothingIsDialledWithoutAnAddress()
    {
        _address.Publish(AddressState.Initial);
        await StepAsync();

        Assert.Equal(["report", "registration"], _calls);
        Assert.Equal((ConditionStatus.Unknown, "NoAddress"),
            (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));
    }

    [Fact]
    public async Task UnreachedVmIsDialledAgainAfterHalfAMinute()
    {
        _dialBack =
            Json("""{"address":"198.18.0.2","fromCluster":"demo","results":[{"port":16400,"reachable":false,"error":"timeout"}]}""");
        var wait = await StepAsync();

        Assert.Equal(ReportService.IntervalWhileBad, wait);
        Assert.Equal((ConditionStatus.False, "TimedOut"),
            (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));
    }

    [Fact]
    public async Task RefusedAddressIsReportedWithTheFix()
    {
        _dialBack = Sample.Problem("422 Unprocessable Content", "address-not-allowed", "it is private to the cluster");
        await StepAsync();

        Assert.Equal("AddressNotAllowed", _view.Value.ReachableFromCluster.Reason);
        Assert.Contains("(it is private to the cluster); set the one", _view.Value.ReachableFromCluster.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RateLimitedDialBackKeepsThePreviousResult()
    {
        await StepAsync();
        _dialBack = Sample.Problem("429 Too Many Requests", "too-many-requests", "", "Retry-After: 60\r\n");
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();

        Assert.Equal("Reached", _view.Value.ReachableFromCluster.Reason);
        Assert.Equal(6, _calls.Count);
    }
}
