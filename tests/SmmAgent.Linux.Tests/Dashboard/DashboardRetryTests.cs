using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Tests.Dashboard;

public sealed class DashboardRetryTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public async Task DelaysGrowUpToFiveMinutes(double random)
    {
        var time = new InstantTime();
        await RetryAsync(time, () => random, failures: 40, wait: null);

        Assert.InRange(time.Delays.Count, 39, 40); // a wait of nothing sets no timer
        Assert.InRange(time.Delays[0], TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.All(time.Delays, delay => Assert.InRange(delay, TimeSpan.Zero, DashboardRetry.MaximumDelay));
        Assert.Equal(DashboardRetry.MaximumDelay, time.Delays[^1]);
    }

    [Fact]
    public async Task AgentsDoNotRetryAtTheSameMoment()
    {
        var (one, other) = (new InstantTime(), new InstantTime());
        await RetryAsync(one, () => 0.2, failures: 3, wait: null);
        await RetryAsync(other, () => 0.8, failures: 3, wait: null);

        Assert.NotEqual(one.Delays, other.Delays);
    }

    [Fact]
    public async Task RetryAfterHasPriorityOverTheBackoff()
    {
        var time = new InstantTime();
        await RetryAsync(time, () => 0.5, failures: 2, wait: TimeSpan.FromHours(1));

        Assert.All(time.Delays, delay => Assert.Equal(TimeSpan.FromMinutes(63), delay));
    }

    private static async Task RetryAsync(TimeProvider time, Func<double> random, int failures, TimeSpan? wait)
    {
        var tries = 0;
        var last = await new DashboardRetry(time, random).UntilGoodAsync(
            _ => Task.FromResult(new Attempt(Failed: tries++ < failures, wait)), TestContext.Current.CancellationToken);
        Assert.False(last.Failed);
        Assert.Equal(failures + 1, tries);
    }

    /// <summary>A clock on which every wait is over at once, and noted.</summary>
    private sealed class InstantTime : TimeProvider
    {
        public List<TimeSpan> Delays { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Delays.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
