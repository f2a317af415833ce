using SmmAgent.Core.Time;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon;

/// <summary>Only displayed times depend on the time of day.</summary>
public sealed class ClockTests
{
    private readonly AdjustableClock _time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ALoopAtWorkDoesNotHangBecauseTheClockWasSet(int days)
    {
        var progress = new LoopProgress(_time);
        using var work = progress.Working("loop", TimeSpan.FromMinutes(1));

        _time.SetBy = TimeSpan.FromDays(days);
        Assert.Empty(progress.Hung());

        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["loop"], progress.Hung());
    }

    [Fact]
    public void ACallIsDueAfterItsIntervalAlthoughTheClockWasSetBack()
    {
        var schedule = new CallSchedule(_time, new RetryDelay(() => 0));
        schedule.RecordSuccess("subject", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5));

        _time.SetBy = TimeSpan.FromDays(-1000);
        Assert.Equal(TimeSpan.FromMinutes(5), schedule.Until("subject"));

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.Zero, schedule.Until("subject"));
    }

    [Fact]
    public void AFailedCallIsTriedAgainAlthoughTheClockWasSetBack()
    {
        var schedule = new CallSchedule(_time, new RetryDelay(() => 0));
        schedule.RecordFailure(TimeSpan.FromSeconds(10));

        _time.SetBy = TimeSpan.FromDays(-1000);
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(TimeSpan.Zero, schedule.Until("subject"));
    }
}
