using System.Net;
using MeshStandIn;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network;

namespace SmmAgent.Linux.Tests.Network;

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
}
