using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Core.Tests.Sidecar.Status;

public sealed class CrashLoopTests
{
    private static readonly SidecarUnit Starting = new(UnitActivity.Starting, IsEnabled: true, IsReady: false, Since: null);

    private SidecarUnit Ready(TimeSpan since) => new(UnitActivity.Running, IsEnabled: true, IsReady: true, _now - since);

    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_000_000);
    private CrashLoop _loop = new();

    [Fact]
    public void SidecarThatFailsThreeTimesIsHeldAndTriedAgainLater()
    {
        Assert.False(Observe(Starting, 0).IsHeld);
        Assert.False(Observe(Starting, 2).IsHeld);
        Assert.True(Observe(Starting, 3).IsHeld);
        Assert.StartsWith("it failed 3 times in a row; the next start is at ", _loop.Hold, StringComparison.Ordinal);

        Wait(TimeSpan.FromSeconds(29));
        Assert.True(Observe(Starting, 3).IsHeld);
        Wait(TimeSpan.FromSeconds(1));
        Assert.False(Observe(Starting, 0).IsHeld);
        Assert.Null(_loop.Hold);
    }

    [Fact]
    public void SidecarThatAcceptsNoCapturedTrafficIsHeld()
    {
        SidecarUnit NotAccepting(TimeSpan since) => Ready(since) with { IsReady = false, IsNotAccepting = true };
        Assert.False(Observe(NotAccepting(CrashLoop.NotAcceptingLimit - TimeSpan.FromSeconds(1)), 0).IsHeld);
        Assert.False(Observe(NotAccepting(CrashLoop.NotAcceptingLimit) with { IsNotAccepting = false }, 0).IsHeld);
        Assert.True(Observe(NotAccepting(CrashLoop.NotAcceptingLimit), 0).IsHeld);
        Assert.StartsWith("it ran for 3 minutes without accepting the traffic that it captures; ", _loop.Hold, StringComparison.Ordinal);

        Wait(CrashLoop.FirstHold);
        Assert.False(Observe(Starting, 0).IsHeld);
        Observe(Starting, 2);
        Assert.True(Observe(Starting, 3).IsHeld);
        Assert.StartsWith("it failed 3 times in a row", _loop.Hold, StringComparison.Ordinal);
    }

    [Fact]
    public void EachHoldIsLongerUpToALimit()
    {
        List<double> minutes = [];
        for (var restarts = 0; minutes.Count < 7;)
        {
            if (Observe(Starting, restarts).HeldUntil is { } until)
            {
                minutes.Add((until - _now).TotalMinutes);
                _now = until;
                Observe(Starting, restarts = 0);
            }
            else
            {
                restarts++;
            }
        }

        Assert.Equal([0.5, 1, 2, 4, 8, 15, 15], minutes);
    }

    [Fact]
    public void MinuteOfReadinessClearsTheRecord()
    {
        Observe(Starting, 2);
        Assert.Equal(2, Observe(Ready(CrashLoop.StableAfter - TimeSpan.FromSeconds(1)), 2).Failures);
        Assert.Equal((0, 0), (Observe(Ready(CrashLoop.StableAfter), 2).Failures, _loop.Holds));
        Assert.False(Observe(Starting, 4).IsHeld);
        Assert.True(Observe(Starting, 5).IsHeld);
    }

    [Fact]
    public void ReadinessBetweenTwoCrashesDoesNotClearTheRecord()
    {
        for (var crash = 1; crash <= 2; crash++)
        {
            Observe(Ready(TimeSpan.FromSeconds(59)), crash);
            Wait(TimeSpan.FromSeconds(60));
        }

        Assert.True(Observe(Ready(TimeSpan.FromSeconds(1)), 3).IsHeld);
    }

    [Fact]
    public void UnobservedCrashesAreForgottenWhenTheSidecarRunsAgain()
    {
        Observe(Starting, 1);
        Wait(TimeSpan.FromDays(1));
        Assert.False(Observe(Ready(TimeSpan.FromHours(1)), 40).IsHeld);
        Assert.Equal(1, Observe(Starting, 41).Failures);
    }

    [Fact]
    public void ManualStartResetsSystemdsCount()
    {
        Observe(Starting, 2);
        Assert.False(Observe(Starting, 0).IsHeld);
        Assert.True(Observe(Starting, 1).IsHeld);
    }

    [Fact]
    public void UnitThatSystemdHasGivenUpOnCountsAtEachObservation()
    {
        var failed = Starting with { Activity = UnitActivity.Failed };
        Observe(failed, 0);
        Assert.False(Observe(failed, 0).IsHeld);
        Assert.True(Observe(failed, 0).IsHeld);
    }

    [Fact]
    public void ClockThatWasSetBackDoesNotExtendAHold()
    {
        Observe(Starting, 3);
        Wait(TimeSpan.FromDays(-2));
        Assert.False(Observe(Starting, 3).IsHeld);
    }

    [Fact]
    public void UnobservedUnitIsNotAFailure()
    {
        Observe(Starting, 2);
        Assert.Equal(_loop, Observe(null, 0));
    }

    private CrashLoop Observe(SidecarUnit? unit, int restarts) =>
        _loop = _loop.Observe(unit is null ? null : unit with { Restarts = restarts }, _now, random: 0);

    private void Wait(TimeSpan time) => _now += time;
}
