namespace SmmDashboard.Http;

/// <summary>One token bucket per key, for a bounded number of keys.</summary>
public sealed class KeyedBuckets<TKey>(Rate rate, TimeProvider clock, int limit = 20_000)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, TokenBucket> _buckets = [];
    private readonly TokenBucket _others = new(rate, clock.GetTimestamp());

    public bool TryTake(TKey key, out TimeSpan retryAfter, int count = 1)
    {
        lock (_lock)
            return Bucket(key).TryTake(clock, out retryAfter, count);
    }

    /// <summary>Returns one token of the key.</summary>
    public void Return(TKey key)
    {
        lock (_lock)
            Bucket(key).Return();
    }

    private TokenBucket Bucket(TKey key)
    {
        if (_buckets.TryGetValue(key, out var known))
            return known;

        if (_buckets.Count >= limit)
        {
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
