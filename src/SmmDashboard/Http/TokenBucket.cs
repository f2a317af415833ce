namespace SmmDashboard.Http;

/// <summary>A rate limit: a burst, then a steady rate.</summary>
/// <param name="Burst">The number of tokens in a full bucket.</param>
/// <param name="PerSecond">The number of tokens added per second.</param>
public sealed record Rate(double Burst, double PerSecond)
{
    /// <summary>
    /// The default number of clients, agents or WorkloadGroups that have a rate of their own at the same time: 20,000 VMs, and as many
    /// again from other addresses.
    /// </summary>
    public const int DefaultBuckets = 40_000;
}

/// <summary>A token bucket without a timer. It is not thread-safe: the owner locks.</summary>
public sealed class TokenBucket(Rate rate, long now)
{
    private double _tokens = rate.Burst;
    private long _filledAt = now;

    /// <param name="clock">The clock.</param>
    /// <param name="retryAfter">The time until enough tokens are available.</param>
    /// <param name="count">The number of tokens to take, all or none. A number above the burst counts as the burst.</param>
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

    /// <summary>Returns tokens that were taken.</summary>
    public void Return(int count) => _tokens = Math.Min(rate.Burst, _tokens + count);

    /// <summary>Whether the bucket may be dropped, because a new one would be equal.</summary>
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
