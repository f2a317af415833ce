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

    public bool TryTake(TimeProvider clock, out TimeSpan retryAfter)
    {
        Fill(clock);
        retryAfter = _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / rate.PerSecond);
        if (_tokens < 1)
            return false;

        _tokens -= 1;
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
