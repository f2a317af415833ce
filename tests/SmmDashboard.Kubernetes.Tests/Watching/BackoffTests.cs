using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Tests.Watching;

public sealed class BackoffTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void BackoffDoublesUpToThirtySecondsAndStaysWithinItsHalf()
    {
        var backoff = new WatchBackoff(_time, new Random(1));
        double[] steps = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30];

        foreach (var step in steps)
        {
            var wait = backoff.Next();
            Assert.InRange(wait.TotalSeconds, step / 2, step);
            _time.Advance(wait);
        }
    }

    [Fact]
    public void TwoMinutesWithoutAFailureResetTheBackoff()
    {
        var backoff = new WatchBackoff(_time, new Random(1));
        for (var failure = 0; failure < 8; failure++)
            _time.Advance(backoff.Next());

        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.InRange(backoff.Next().TotalSeconds, 15, 30);
        _time.Advance(TimeSpan.FromSeconds(151));
        Assert.InRange(backoff.Next().TotalSeconds, 0.4, 0.8);
    }

    [Fact]
    public void RetryAfterOfTheServerWinsUpToAMinute()
    {
        var backoff = new WatchBackoff(_time, new Random(1));

        Assert.Equal(TimeSpan.FromSeconds(7), backoff.Next(TimeSpan.FromSeconds(7)));
        Assert.Equal(TimeSpan.FromMinutes(1), backoff.Next(TimeSpan.FromDays(365)));
    }
}
