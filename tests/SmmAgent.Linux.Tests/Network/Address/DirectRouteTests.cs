using System.Net;
using MeshStandIn;
using SmmAgent.Contract;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Tests.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Address;

public sealed class DirectRouteTests
{
    private readonly DirectRoute _route = new(TimeProvider.System, new NameLookup(TimeProvider.System), Probing.Patient);

    [Theory]
    [InlineData("10.9.0.7/32", "10.9.0.7", "10.9.0.7")]
    [InlineData("fd00:9::7/128", "fd00:9::7", "fd00:9::7")]
    public async Task SourceIsTheAddressThatTheKernelChoosesForTheEndpoint(string own, string endpoint, string source)
    {
        OwnNetwork.SkipUnlessAvailable();
        await OwnNetwork.RunAsync(async () =>
        {
            OwnNetwork.Ip("link set lo up");
            OwnNetwork.Ip($"address add {own} dev lo{(own.Contains(':') ? " nodad" : "")}");
            await using var istiod = new StandInListener(new(IPAddress.Parse(endpoint), 15012), Behaviours.Silence());
            await UntilRoutedAsync(istiod.Endpoint);

            var result = await _route.FindAsync(
                [new DirectEndpoint("down", "127.0.0.1", 15012), new DirectEndpoint("istiod", endpoint, 15012)],
                TestContext.Current.CancellationToken);

            Assert.True(result.Detail == $"istiod {endpoint}:15012", result.Detail);
            Assert.Equal(IPAddress.Parse(source), result.Source);
        });
    }

    [Fact]
    public async Task FirstReachableEndpointOfTheListDecides()
    {
        var (one, two) = (Loopback.Next(), Loopback.Next());
        await using var first = new StandInListener(new(one, 0), Behaviours.Silence());
        await using var second = new StandInListener(new(two, 0), Behaviours.Silence());

        var result = await _route.FindAsync(
            [new("gone", Loopback.Next().ToString(), 9), new("a", one.ToString(), first.Port), new("b", two.ToString(), second.Port)],
            TestContext.Current.CancellationToken);

        Assert.Equal($"a {first.Endpoint}", result.Detail);
    }

    [Fact]
    public async Task EndpointsThatCannotBeReachedAreNamedWithTheReason()
    {
        var address = Loopback.Next();

        var result = await _route.FindAsync([new("istiod", address.ToString(), 15012)], TestContext.Current.CancellationToken);

        Assert.Null(result.Source);
        Assert.Equal($"no direct endpoint was reached: istiod {address}:15012 refused the connection", result.Detail);
    }

    [Fact]
    public async Task DroppedSynTimesOut()
    {
        using var hole = new BlackHole(new(Loopback.Next(), 0));
        var route = new DirectRoute(TimeProvider.System, new NameLookup(TimeProvider.System), TimeSpan.FromMilliseconds(300));

        var result = await route.FindAsync(
            [new("istiod", hole.Endpoint.Address.ToString(), hole.Endpoint.Port)], TestContext.Current.CancellationToken);

        Assert.Contains("did not answer within 0.3 s", result.Detail, StringComparison.Ordinal);
    }

    /// <summary>The kernel adds the routes of a new IPv6 address a little later than the address.</summary>
    private static async Task UntilRoutedAsync(IPEndPoint endpoint)
    {
        while (true)
        {
            using var attempt = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
            try
            {
                (await Connector.ConnectAsync(endpoint, attempt.Token)).Dispose();
                return;
            }
            catch (Exception exception) when (exception is System.Net.Sockets.SocketException or OperationCanceledException)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }
}
