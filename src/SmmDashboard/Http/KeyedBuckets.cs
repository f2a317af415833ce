namespace SmmDashboard.Http;

/// <summary>One token bucket per key, for a bounded number of keys.</summary>
/// <param name="rate">The rate of each key.</param>
/// <param name="clock">The clock.</param>
/// <param name="limit">The number of keys with a bucket of their own.</param>
/// <param name="onFull">Called each time when a key gets no bucket of its own.</param>
public sealed class KeyedBuckets<TKey>(Rate rate, TimeProvider clock, int limit = Rate.DefaultBuckets, Action? onFull = null)
    where TKey : notnull
{
    // Full buckets are removed at most this often, because that reads all of them.
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, TokenBucket> _buckets = [];
    private readonly TokenBucket _others = new(rate, clock.GetTimestamp());
    private long? _sweptAt;

    public bool TryTake(TKey key, out TimeSpan retryAfter, int count = 1)
    {
        bool isTaken;
        TokenBucket bucket;
        lock (_lock)
        {
            bucket = Bucket(key);
            isTaken = bucket.TryTake(clock, out retryAfter, count);
        }

        if (ReferenceEquals(bucket, _others))
            onFull?.Invoke();
        return isTaken;
    }

    /// <summary>Returns tokens of the key.</summary>
    public void Return(TKey key, int count = 1)
    {
        lock (_lock)
            Bucket(key).Return(count);
    }

    private TokenBucket Bucket(TKey key)
    {
        if (_buckets.TryGetValue(key, out var known))
            return known;

        if (_buckets.Count >= limit && (_sweptAt is not { } at || clock.GetElapsedTime(at) >= SweepInterval))
        {
            _sweptAt = clock.GetTimestamp();
            // A dictionary allows removing entries during enumeration.
            foreach (var (other, bucket) in _buckets)
            {
                if (bucket.IsFull(clock))
                    _buckets.Remove(other);
            }
        }

        // With too many keys at once, new keys share one bucket, so that memory stays bounded.
        return _buckets.Count >= limit ? _others : _buckets[key] = new TokenBucket(rate, clock.GetTimestamp());
    }
}
