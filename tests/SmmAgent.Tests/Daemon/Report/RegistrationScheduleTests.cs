using SmmAgent.Core.Conditions;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The schedule of questions to the dashboard about the registration of the sidecar.</summary>
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
        var questions = 0;
        for (var wait = await StepAsync(); wait == ReportService.IntervalAfterLoss; wait = await StepAsync(), questions++)
            _agent.Time.Advance(wait);

        Assert.Equal(6, questions);
        Assert.Equal(7, _calls.Count(call => call == "registration"));
    }
}
