using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Agents;

namespace SmmDashboard.Kubernetes.Tests.Agents;

public sealed class WriteRateTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WriteRate _rate;

    public WriteRateTests() => _rate = new WriteRate(_clock, 50);

    [Fact]
    public void WritesPerSecondNeverExceedTheLimit()
    {
        Assert.Equal(25, Started(25));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(25, Started(60));
        _clock.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal(0, Started(60));
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(25, Started(60));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(50, Started(60));
    }

    [Fact]
    public void DelayedWriteGetsItsStartTime()
    {
        Assert.Equal(50, Started(50));
        _clock.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(0.75), _rate.Ask());
    }

    private int Started(int asked) => Enumerable.Range(0, asked).Count(_ => _rate.Ask() == TimeSpan.Zero);
}
