using System.Net;
using MeshStandIn;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Connections;

namespace SmmAgent.Linux.Tests.Network.Connections;

public sealed class ConnectorTests
{
    [Fact]
    public async Task IPv6IsTriedWhereIPv4HasNoRoute()
    {
        OwnNetwork.SkipUnlessAvailable();
        await OwnNetwork.RunAsync(async () =>
        {
            OwnNetwork.Ip("link set lo up");
            await using var six = new StandInListener(new(IPAddress.IPv6Loopback, 8080), Behaviours.Silence());

            var (connection, fault) = await Connector.ConnectPreferringIPv4Async(
                [IPAddress.Parse("198.18.0.9"), IPAddress.IPv6Loopback], 8080, TestContext.Current.CancellationToken);

            Assert.Null(fault);
            Assert.Equal(six.Endpoint, connection!.RemoteEndPoint);
            connection.Dispose();
        });
    }

    [Fact]
    public async Task IPv6IsNotTriedWhereIPv4WasRefused()
    {
        await using var six = new StandInListener(new(IPAddress.IPv6Loopback, 0), Behaviours.Silence());

        var (connection, fault) = await Connector.ConnectPreferringIPv4Async(
            [IPAddress.IPv6Loopback, Loopback.Next()], six.Port, TestContext.Current.CancellationToken);

        Assert.Null(connection);
        Assert.Equal(Outcome.Refused, fault!.Outcome);
        Assert.Equal(0, six.Connections);
    }

    [Fact]
    public async Task TheNextAddressOfTheFamilyIsTried()
    {
        var (down, up) = (Loopback.Next(), Loopback.Next());
        await using var listener = new StandInListener(new(up, 0), Behaviours.Silence());

        var (connection, _) = await Connector.ConnectPreferringIPv4Async([down, up], listener.Port, TestContext.Current.CancellationToken);

        Assert.Equal(listener.Endpoint, connection!.RemoteEndPoint);
        connection.Dispose();
    }

    [Fact]
    public async Task AnAddressThatDoesNotAnswerHoldsTheNextOneBackForAMomentOnly()
    {
        using var hole = new BlackHole(new(Loopback.Next(), 0));
        var up = Loopback.Next();
        await using var listener = new StandInListener(new(up, hole.Endpoint.Port), Behaviours.Silence());
        var clock = System.Diagnostics.Stopwatch.StartNew();

        using var first = await Connector.ConnectFirstAsync(
            [hole.Endpoint.Address.MapToIPv4(), up], hole.Endpoint.Port, TestContext.Current.CancellationToken);
        var (preferred, _) = await Connector.ConnectPreferringIPv4Async(
            [hole.Endpoint.Address.MapToIPv4(), up], hole.Endpoint.Port, TestContext.Current.CancellationToken);

        Assert.Equal((listener.Endpoint, listener.Endpoint), (first.RemoteEndPoint, preferred!.RemoteEndPoint));
        preferred.Dispose();
        Assert.InRange(clock.Elapsed, 2 * Connector.AttemptDelay, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task OneAddressOfManyThatAnswersIsFound()
    {
        using var hole = new BlackHole(new(Loopback.Next(), 0));
        var up = Loopback.Next();
        await using var listener = new StandInListener(new(up, hole.Endpoint.Port), Behaviours.Silence());
        IPAddress[] addresses = [
            hole.Endpoint.Address.MapToIPv4(), Loopback.Next(), hole.Endpoint.Address.MapToIPv4(), IPAddress.Parse("240.0.0.1"), up];

        using var connection = await Connector.ConnectFirstAsync(addresses, hole.Endpoint.Port, TestContext.Current.CancellationToken);

        Assert.Equal(listener.Endpoint, connection.RemoteEndPoint);
    }

    [Fact]
    public async Task AnAddressThatRefusesDoesNotHoldTheNextOneBack()
    {
        var (down, up) = (Loopback.Next(), Loopback.Next());
        await using var listener = new StandInListener(new(up, 0), Behaviours.Silence());
        IPAddress[] addresses = [.. Enumerable.Range(0, 15).Select(_ => down), up];
        var clock = System.Diagnostics.Stopwatch.StartNew();

        using var connection = await Connector.ConnectFirstAsync(addresses, listener.Port, TestContext.Current.CancellationToken);

        Assert.Equal(listener.Endpoint, connection.RemoteEndPoint);
        Assert.True(clock.Elapsed < 8 * Connector.AttemptDelay, $"{clock.Elapsed}");
    }

    [Fact]
    public async Task WhereIPv4DoesNotAnswerIPv6IsTriedInTheEnd()
    {
        using var hole = new BlackHole(new(Loopback.Next(), 0));
        await using var six = new StandInListener(new(IPAddress.IPv6Loopback, hole.Endpoint.Port), Behaviours.Silence());

        var (connection, _) = await Connector.ConnectPreferringIPv4Async(
            [IPAddress.IPv6Loopback, hole.Endpoint.Address.MapToIPv4()], hole.Endpoint.Port, TestContext.Current.CancellationToken);

        Assert.Equal(six.Endpoint, connection!.RemoteEndPoint);
        connection.Dispose();
    }

    [Fact]
    public async Task WhereNoneAnswersTheCallersTimeCountsAndARefusalIsTheReason()
    {
        using var hole = new BlackHole(new(Loopback.Next(), 0));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Connector.ConnectFirstAsync(
                [hole.Endpoint.Address.MapToIPv4(), hole.Endpoint.Address.MapToIPv4()], hole.Endpoint.Port, patience.Token));

        var refused = await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(
            () => Connector.ConnectFirstAsync(
                [Loopback.Next(), Loopback.Next()], hole.Endpoint.Port, TestContext.Current.CancellationToken));
        Assert.Equal(System.Net.Sockets.SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Theory]
    [InlineData("a1,a2,a3", "a1,a2,a3")]
    [InlineData("61,62,63,41", "61,41,62,63")]
    [InlineData("41,42,61,62", "41,61,42,62")]
    public void TheFamiliesTakeTurnsBeginningWithTheFirst(string resolved, string tried)
    {
        static IPAddress Address(string name) => IPAddress.Parse(name[0] == '6' ? $"2001:db8::{name[1]}" : $"192.0.2.{name[1]}");
        Assert.Equal(tried.Split(',').Select(Address), Connector.InTurns([.. resolved.Split(',').Select(Address)]));
    }
}
