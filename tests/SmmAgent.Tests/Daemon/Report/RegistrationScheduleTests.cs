using SmmAgent.Core.Conditions;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>When the dashboard is asked for the registration of the sidecar.</summary>
public sealed class RegistrationScheduleTests : ReportServiceFixture
{
    [Fact]
    public async Task LostGatewaysShortenTheInterval()
    {
        Assert.Equal(ReportService.Interval, await StepAsync());
        _agent.Time.Advance(ReportService.Pause);
        _calls.Clear();

        Gateways(ConditionUpdate.False(ConditionType.GatewaysReachable, "NoGateway", "none answers"));
        Assert.Equal(ReportService.IntervalAfterLoss, await StepAsync());
        _agent.Time.Advance(ReportService.IntervalAfterLoss);
        _registration = Json("""{"registered":false,"reason":"NotConnected","healthy":"Unknown","message":"no sidecar is connected"}""");
        Assert.Equal(ReportService.IntervalWhileBad, await StepAsync());
        Assert.Equal(["registration", "registration"], _calls);
        Assert.Equal(ConditionStatus.False, _view.Value.Registered.Status);

        void Gateways(ConditionUpdate finding) => _reachability.Publish(_reachability.Value with { GatewaysReachable = finding });
    }

    [Theory]
    [InlineData("True", "Degraded")]
    [InlineData("Unknown", "CapturedBySidecar")]
    [InlineData("False", "Refused")]
    public async Task LostConnectionToTheControlPlaneIsFollowedForAMinute(string status, string reason)
    {
        await StepAsync();
        _agent.Time.Advance(ReportService.Pause);
        _calls.Clear();

        var way = new ConditionUpdate(ConditionType.GatewaysReachable, Enum.Parse<ConditionStatus>(status), reason, "");
        _reachability.Publish(_reachability.Value with { GatewaysReachable = way });
        var asked = 0;
        for (var wait = await StepAsync(); wait == ReportService.IntervalAfterLoss; wait = await StepAsync(), asked++)
            _agent.Time.Advance(wait);

        Assert.Equal(6, asked);
        Assert.Equal(7, _calls.Count(call => call == "registration"));
    }
}
