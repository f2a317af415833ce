using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

public sealed class DialBackNoncesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void ANonceIsGoodForThirtySecondsAndOnlyThatOne()
    {
        var nonces = new DialBackNonces(_time, RandomNumberGenerator.Fill);
        var first = nonces.Make();
        _time.Advance(TimeSpan.FromSeconds(20));
        var second = nonces.Make();

        Assert.True(nonces.IsValid(first));
        Assert.True(nonces.IsValid(second));
        Assert.False(nonces.IsValid(""));
        Assert.False(nonces.IsValid(first[..^1]));
        Assert.False(nonces.IsValid("ä\0"));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(nonces.IsValid(first));
        Assert.True(nonces.IsValid(second));
    }

    [Fact]
    public void BeforeTheFirstIsMadeNothingIsValid() => Assert.False(new DialBackNonces(_time, RandomNumberGenerator.Fill).IsValid(""));
}
