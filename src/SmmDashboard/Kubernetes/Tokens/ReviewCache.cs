using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>The SHA-256 of a token.</summary>
public readonly record struct TokenHash(UInt128 High, UInt128 Low)
{
    public static TokenHash From(ReadOnlySpan<byte> sha256) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(sha256), BinaryPrimitives.ReadUInt128BigEndian(sha256[16..]));
}

/// <summary>A review, and the time of the review.</summary>
/// <param name="Token">The result of the review.</param>
/// <param name="At">Of the clock's timestamps.</param>
/// <param name="FreshFor">How long after <paramref name="At"/> no other review is needed.</param>
public sealed record Review(ReviewedToken Token, long At, TimeSpan FreshFor);

/// <summary>The reviews of this replica. Their number is bounded, and refused tokens never displace valid ones.</summary>
public sealed class ReviewCache(TimeProvider clock, int capacity = ReviewCache.DefaultCapacity)
{
    public const int DefaultCapacity = 50_000;

    /// <summary>How long a valid token's review is remembered for the time that the API server is away.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TokenHash, Review> _reviews = new();
    private readonly Lock _sweep = new();
    private long _sweptAt = clock.GetTimestamp();

    public int Count => _reviews.Count;

    public Review? Find(TokenHash hash) => _reviews.GetValueOrDefault(hash);

    public void Put(TokenHash hash, Review review)
    {
        _reviews[hash] = review;
        if (clock.GetElapsedTime(_sweptAt) >= SweepEvery || _reviews.Count > capacity)
            Sweep();
    }

    private void Sweep()
    {
        lock (_sweep)
        {
            _sweptAt = clock.GetTimestamp();
            foreach (var (hash, review) in _reviews)
            {
                if (clock.GetElapsedTime(review.At) >= (review.Token is ReviewedToken.Valid ? Grace : review.FreshFor))
                    _reviews.TryRemove(hash, out _);
            }

            if (_reviews.Count <= capacity)
                return;

            // A tenth more than needed, so that a flood does not sort them at each token.
            var tooMany = _reviews.Count - (capacity - capacity / 10);
            foreach (var (hash, _) in _reviews.OrderBy(entry => entry.Value.Token is ReviewedToken.Valid).ThenBy(entry => entry.Value.At)
                .Take(tooMany))
                _reviews.TryRemove(hash, out _);
        }
    }
}
