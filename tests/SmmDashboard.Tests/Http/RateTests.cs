using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Http;

public sealed class RateTests
{
    [Fact]
    public async Task TooManyRequestsAre429WithRetryAfterExceptProbes()
    {
        var clock = new FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Rates = new() { PerClient = new Rate(2, 0.5) },
            Seams = new() { Clock = clock },
        });
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
        var refused = await Call.MeshConfig().SendAsync(dashboard);
        refused.IsProblem(429, "too-many-requests");
        Assert.Equal("2", refused.Headers["Retry-After"]);
        Assert.Equal("ok", (await Call.Get("/healthz").SendAsync(dashboard)).Text);

        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
    }

    [Fact]
    public async Task TotalRateIsLimited()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Rates = new() { Total = new Rate(1, 1) },
            Seams = new() { Clock = new FakeTimeProvider() },
        });
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
        (await Call.MeshConfig().SendAsync(dashboard)).IsProblem(429, "too-many-requests");
    }

    [Fact]
    public async Task FailuresAreLimitedMoreThanValidTokensOfSameAddress()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Rates = new() { FailuresPerClient = new Rate(1, 1) },
            Seams = new() { Clock = new FakeTimeProvider() },
        });
        var wrong = Call.MeshConfig() with { Token = "wrong" };
        (await wrong.SendAsync(dashboard)).IsProblem(401, "token-invalid");
        (await wrong.SendAsync(dashboard)).IsProblem(429, "too-many-requests");
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
    }

    [Fact]
    public void TokensWithoutGroupDoNotDelayNewTokensOfGroupAtSameAddress()
    {
        var rates = new RequestRates(
            new() { UnknownTokensPerClient = new Rate(1, 0.1) }, new FakeTimeProvider(), NullLogger.Instance);
        var (context, group) = (new DefaultHttpContext(), new GroupId("ns", "group"));
        Assert.Null(rates.RefuseUnknownToken(context, claimed: null));
        Assert.NotNull(rates.RefuseUnknownToken(context, claimed: null));
        Assert.Null(rates.RefuseUnknownToken(context, group));
        Assert.NotNull(rates.RefuseUnknownToken(context, group));
        Assert.Null(rates.RefuseUnknownToken(context, new GroupId("ns", "other")));
    }

    [Fact]
    public void OneLinePerMinuteIsPermittedAndOthersAreCounted()
    {
        var clock = new FakeTimeProvider();
        var limiter = new LogLimiter(clock);
        Assert.True(limiter.TryAcquire(out var withheld));
        Assert.Equal(0, withheld);
        for (var i = 0; i < 50; i++)
            Assert.False(limiter.TryAcquire(out _));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limiter.TryAcquire(out withheld));
        Assert.Equal(50, withheld);
    }

    [Fact]
    public void IPv6HostIsOneClientAndMappedAddressIsItsIPv4Address()
    {
        Assert.Equal(ClientAddress.Key(IPAddress.Parse("2001:db8::1")), ClientAddress.Key(IPAddress.Parse("2001:db8::ffff:2")));
        Assert.NotEqual(ClientAddress.Key(IPAddress.Parse("2001:db8::1")), ClientAddress.Key(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.Equal(ClientAddress.Key(IPAddress.Parse("10.0.0.1")), ClientAddress.Key(IPAddress.Parse("::ffff:10.0.0.1")));
        Assert.NotEqual(ClientAddress.Key(IPAddress.Parse("10.0.0.1")), ClientAddress.Key(IPAddress.Parse("10.0.0.2")));
    }

    [Fact]
    public void TooManyClientsShareOneBucketInsteadOfMoreMemory()
    {
        var clock = new FakeTimeProvider();
        var buckets = new KeyedBuckets<int>(new Rate(1, 1), clock, limit: 2);
        Assert.True(buckets.TryTake(1, out _));
        Assert.True(buckets.TryTake(2, out _));
        Assert.True(buckets.TryTake(3, out _));
        Assert.False(buckets.TryTake(4, out _));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(buckets.TryTake(5, out _)); // 1 and 2 are full again and were forgotten
        Assert.True(buckets.TryTake(6, out _));
    }

    [Fact]
    public void ReachedLimitsAreLoggedOnceAMinute()
    {
        var (clock, log) = (new FakeTimeProvider(), new LogLines());
        var rates = new RequestRates(new() { PerClient = new Rate(1, 0.001), Buckets = 1 }, clock, log);
        Assert.Null(rates.Refuse(From("10.0.0.1")));
        Assert.Null(rates.Refuse(From("10.0.0.2")));
        Assert.NotNull(rates.Refuse(From("10.0.0.3")));
        Assert.NotNull(rates.Refuse(From("10.0.0.1")));

        Assert.Equal(
            [
                "Warning: More than 1 client addresses are active, so others share one rate; raise --rate-buckets "
                    + "(and 0 others since the last such message)",
                "Warning: Refusing requests of 10.0.0.3 with 429: more than 0.001 per second from this address (--client-rate) "
                    + "(and 0 others since the last such message)",
            ],
            log.Lines);

        static DefaultHttpContext From(string address) =>
            new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
    }
}
