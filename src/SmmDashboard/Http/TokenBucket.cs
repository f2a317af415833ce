namespace SmmDashboard.Http;

/// <summary>How often something may happen: a burst at once, then a steady rate.</summary>
/// <param name="Burst">How many may come at once.</param>
/// <param name="PerSecond">How many are added each second.</param>
public sealed record Rate(double Burst, double PerSecond);

/// <summary>A token bucket without a timer. Not thread-safe: its owner locks.</summary>
public sealed class TokenBucket(Rate rate, long now)
{
    private double _tokens = rate.Burst;
    private long _filledAt = now;

    /// <param name="clock">The clock.</param>
    /// <param name="retryAfter">When there will be enough.</param>
    /// <param name="count">How many to take; all or none. More than the burst counts as the burst.</param>
    public bool TryTake(TimeProvider clock, out TimeSpan retryAfter, int count = 1)
    {
        Fill(clock);
        var wanted = Math.Min(count, Math.Max(1, rate.Burst));
        retryAfter = _tokens >= wanted ? TimeSpan.Zero : TimeSpan.FromSeconds((wanted - _tokens) / rate.PerSecond);
        if (_tokens < wanted)
            return false;

        _tokens -= wanted;
        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return() => _tokens = Math.Min(rate.Burst, _tokens + 1);

    /// <summary>Whether it may be forgotten: a new one would be the same.</summary>
    public bool IsFull(TimeProvider clock)
    {
        Fill(clock);
        return _tokens >= rate.Burst;
    }

    private void Fill(TimeProvider clock)
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(rate.Burst, _tokens + clock.GetElapsedTime(_filledAt, now).TotalSeconds * rate.PerSecond);
        _filledAt = now;
    }
}
