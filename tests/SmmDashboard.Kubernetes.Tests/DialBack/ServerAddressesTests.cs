using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.DialBack;

namespace SmmDashboard.Kubernetes.Tests.DialBack;

/// <summary>The addresses of an API server that is known by its name.</summary>
public sealed class ServerAddressesTests
{
    private static readonly IPAddress First = IPAddress.Parse("198.51.100.1");
    private static readonly IPAddress Second = IPAddress.Parse("2001:db8::2");

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _resolved = [];
    private Func<IPAddress[]> _answer = () => [First];

    [Fact]
    public async Task AddressIsNotResolved()
    {
        var addresses = Of("https://[2001:db8::2]:6443");

        Assert.True(await addresses.ContainsAsync(Second, TestContext.Current.CancellationToken));
        Assert.False(await addresses.ContainsAsync(First, TestContext.Current.CancellationToken));
        Assert.Empty(_resolved);
    }

    [Fact]
    public async Task NameIsResolvedAgainAfterAMinute()
    {
        var addresses = Of("https://api.example.com:6443");
        Assert.True(await addresses.ContainsAsync(First, TestContext.Current.CancellationToken));

        _answer = () => [Second];
        Assert.False(await addresses.ContainsAsync(Second, TestContext.Current.CancellationToken));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await addresses.ContainsAsync(Second, TestContext.Current.CancellationToken));

        Assert.Equal(["api.example.com", "api.example.com"], _resolved);
    }

    [Fact]
    public async Task UnresolvableNameKeepsItsLastAddresses()
    {
        var addresses = Of("https://api.example.com:6443");
        Assert.True(await addresses.ContainsAsync(First, TestContext.Current.CancellationToken));

        _answer = () => throw new SocketException((int)SocketError.HostNotFound);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await addresses.ContainsAsync(First, TestContext.Current.CancellationToken));
    }

    private ServerAddresses Of(string server) => new(new Uri(server), Resolve, _time);

    private Task<IPAddress[]> Resolve(string name, CancellationToken cancellationToken)
    {
        _resolved.Add(name);
        return Task.FromResult(_answer());
    }
}
