using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Access;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

public sealed class ReviewCacheTests
{
    private static readonly ReviewedToken Good = new ReviewedToken.Valid(new TokenOwner(new("ns", "vms")), IsForApiServer: false);
    private static readonly ReviewedToken Bad = new ReviewedToken.Invalid(new("TokenUnknown", "no"));

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void FloodOfRefusedTokensDisplacesNoValidToken()
    {
        var cache = new ReviewCache(_time, capacity: 100);
        for (UInt128 token = 0; token < 50; token++)
            Put(cache, token, Good);
        for (UInt128 token = 1000; token < 11_000; token++)
            Put(cache, token, Bad);

        Assert.InRange(cache.Count, 50, 100);
        for (UInt128 token = 0; token < 50; token++)
            Assert.NotNull(cache.Find(new(0, token)));
    }

    [Fact]
    public void OldestOfTooManyValidTokensAreRemoved()
    {
        var cache = new ReviewCache(_time, capacity: 100);
        for (UInt128 token = 0; token < 101; token++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Put(cache, token, Good);
        }

        Assert.Equal(90, cache.Count);
        Assert.Null(cache.Find(new(0, 10)));
        Assert.NotNull(cache.Find(new(0, 11)));
    }

    [Fact]
    public void ExpiredReviewsAreRemoved()
    {
        var cache = new ReviewCache(_time);
        Put(cache, 1, Bad);
        Put(cache, 2, Good);
        _time.Advance(TimeSpan.FromMinutes(2));
        Put(cache, 3, Good);
        Assert.Equal(2, cache.Count);

        _time.Advance(ReviewCache.Grace);
        Put(cache, 4, Good);
        Assert.Equal(1, cache.Count);
    }

    private void Put(ReviewCache cache, UInt128 token, ReviewedToken reviewed) =>
        cache.Put(new(0, token), new(reviewed, _time.GetTimestamp(), TimeSpan.FromSeconds(10)));
}
