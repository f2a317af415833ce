using SmmAgent.Core.Time;

namespace SmmAgent.Core.Tests.Time;

public sealed class MemoryPacingTests
{
    private const long MiB = 1024 * 1024;
    private const long Small = MemoryPacing.Growth - 1;
    private const long Large = 5 * MiB;

    private static readonly TimeSpan AtOnce = TimeSpan.Zero;

    private readonly MemoryPacing _pacing = new();

    [Fact]
    public void FirstReturnIsDueAtOnce() => Assert.Equal(AtOnce, _pacing.DueIn(Seconds(15), 20 * MiB));

    [Theory]
    [InlineData(60, 0, null)]
    [InlineData(60, Small, null)]
    [InlineData(60, Large, 5)] // a pause, because the work has probably not ended
    [InlineData(3600, Large, 5)]
    [InlineData(55, Large, 5)]
    [InlineData(50, Large, 10)] // a minute after the last return
    [InlineData(1, Large, 59)]
    public void ReturnIsDueAfterGrowth(int secondsSinceReturn, long growth, int? dueIn)
    {
        _pacing.Returned(Seconds(100), 10 * MiB);

        Assert.Equal(dueIn is { } due ? Seconds(due) : null, _pacing.DueIn(Seconds(100 + secondsSinceReturn), 10 * MiB + growth));
    }

    [Fact]
    public void WorkThatGoesOnDoesNotDelayTheReturn()
    {
        _pacing.Returned(Seconds(0), 10 * MiB);

        Assert.Equal(Seconds(5), _pacing.DueIn(Seconds(100), 20 * MiB));
        Assert.Equal(Seconds(2), _pacing.DueIn(Seconds(103), 30 * MiB));
        Assert.Equal(AtOnce, _pacing.DueIn(Seconds(105), 30 * MiB));
        Assert.Equal(AtOnce, _pacing.DueIn(Seconds(109), 30 * MiB));
    }

    [Fact]
    public void GrowthThatIsGoneIsNotReturned()
    {
        _pacing.Returned(Seconds(0), 10 * MiB);
        Assert.Equal(Seconds(5), _pacing.DueIn(Seconds(100), 20 * MiB));

        Assert.Null(_pacing.DueIn(Seconds(103), 10 * MiB + Small));
        Assert.Equal(Seconds(5), _pacing.DueIn(Seconds(104), 20 * MiB));
    }

    [Fact]
    public void MemoryThatStaysInUseIsNoGrowth()
    {
        _pacing.Returned(Seconds(0), 10 * MiB);
        _pacing.Returned(Seconds(100), 30 * MiB);

        Assert.Null(_pacing.DueIn(Seconds(200), 30 * MiB + Small));
    }

    [Fact]
    public void GrowthCountsFromTheSmallestSize()
    {
        _pacing.Returned(Seconds(0), 30 * MiB);

        Assert.Null(_pacing.DueIn(Seconds(100), 10 * MiB));
        Assert.Equal(Seconds(5), _pacing.DueIn(Seconds(101), 15 * MiB));
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
