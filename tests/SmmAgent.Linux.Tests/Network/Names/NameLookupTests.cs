using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Tests.Network.Names;

public sealed class NameLookupTests
{
    [Fact]
    public async Task TheSystemsResolverKnowsLocalhost()
    {
        var result = await new NameLookup(TimeProvider.System).LookUpAsync("localhost", TestContext.Current.CancellationToken);

        Assert.Contains(IPAddress.Loopback, result.Addresses);
    }

    [Theory]
    [InlineData("198.18.0.1", "198.18.0.1")]
    [InlineData("2606:4700::1", "2606:4700::1")]
    [InlineData("::ffff:198.18.0.1", "198.18.0.1")]
    public async Task AnAddressIsItsOwnAnswer(string host, string expected)
    {
        var names = new NameLookup(TimeProvider.System, (_, _) => throw new InvalidOperationException("no server must be asked"));

        Assert.Equal([IPAddress.Parse(expected)], (await names.LookUpAsync(host, TestContext.Current.CancellationToken)).Addresses);
    }

    [Theory]
    [InlineData(SocketError.HostNotFound, Outcome.NoSuchName)]
    [InlineData(SocketError.NoData, Outcome.NoSuchName)]
    [InlineData(SocketError.TryAgain, Outcome.Timeout)]
    public async Task AFailureSaysWhetherTheNameOrTheServerIsMissing(SocketError error, Outcome outcome)
    {
        var names = new NameLookup(TimeProvider.System, (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)error)));

        Assert.Equal(outcome, (await names.LookUpAsync("gw.example", TestContext.Current.CancellationToken)).Outcome);
    }

    [Fact]
    public async Task AResolverThatHearsOfNoCancellationDoesNotHoldTheLookUp()
    {
        var never = new TaskCompletionSource<IPAddress[]>();
        var names = new NameLookup(TimeProvider.System, (_, _) => never.Task, TimeSpan.FromMilliseconds(200));

        var result = await names.LookUpAsync("gw.example", TestContext.Current.CancellationToken);

        Assert.Equal((Outcome.Timeout, "does not resolve: the name server gave no answer within 0.2 s"), (result.Outcome, result.Detail));
    }

    [Fact]
    public async Task AnEndOfTheAgentIsNoTimeout()
    {
        using var stop = new CancellationTokenSource();
        var names = new NameLookup(TimeProvider.System, async (_, cancel) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel);
            return [];
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => names.LookUpAsync("gw.example", stop.Token));
    }
}
