using Microsoft.Extensions.Time.Testing;
using SmmAgent.Daemon.Mesh;

namespace SmmAgent.Tests.Daemon.Mesh;

public sealed class LongPollWaitTests
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(50);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(30, 25)]
    [InlineData(25, 12.5)]
    [InlineData(13, 12.5)]
    [InlineData(10, 6.25)]
    [InlineData(5, 5)]
    [InlineData(80, 25)]
    public void WaitThatWasCutOffIsHalvedUntilItIsShorter(double after, double wait)
    {
        var longPoll = new LongPollWait(Most, _time);

        Assert.True(longPoll.WasCut(Most, TimeSpan.FromSeconds(after)));
        Assert.Equal(TimeSpan.FromSeconds(wait), longPoll.Next());
        Assert.False(longPoll.WasCut(longPoll.Next(), TimeSpan.FromSeconds(after)));
    }

    [Fact]
    public void LongerWaitIsTriedOnceADayAndKeptIfItWorks()
    {
        var longPoll = new LongPollWait(Most, _time);
        longPoll.WasCut(Most, TimeSpan.FromSeconds(20));
        Assert.Equal(12.5, longPoll.Next().TotalSeconds);

        _time.Advance(LongPollWait.ProbeEvery);
        Assert.Equal(25, longPoll.Next().TotalSeconds);
        Assert.False(longPoll.WasCut(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(20)));
        Assert.Equal(12.5, longPoll.Next().TotalSeconds);

        foreach (var works in (double[])[25, 50])
        {
            _time.Advance(LongPollWait.ProbeEvery);
            Assert.Equal(works, longPoll.Next().TotalSeconds);
            longPoll.Worked(longPoll.Next());
            Assert.Equal(works, longPoll.Next().TotalSeconds);
        }

        _time.Advance(LongPollWait.ProbeEvery);
        Assert.Equal(Most, longPoll.Next());
        Assert.True(longPoll.WasCut(Most, TimeSpan.FromSeconds(20)));
    }
}
