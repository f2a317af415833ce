using System.Net;
using System.Net.Sockets;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class ListeningSocketsTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.6.5.4", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", true)]
    [InlineData("::", false)]
    public void ListenerIsReadWithItsAddressAndLoopbackServesOnlyThisHost(string address, bool isLoopback)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || !address.Contains(':', StringComparison.Ordinal), "needs IPv6");
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var local = (IPEndPoint)listener.LocalEndpoint;

        var socket = Assert.Single(ListeningSockets.Tcp(), socket => socket.Local.Port == local.Port);

        Assert.Equal(local, socket.Local);
        Assert.Equal(isLoopback, socket.IsLoopback);
        Assert.Equal(!isLoopback, ListeningSockets.AnswerOthersOn(local.Port));
    }

    [Fact]
    public void LinesInAnUnknownFormatAreIgnoredAndALargeUserNumberIsRead()
    {
        var folder = Directory.CreateTempSubdirectory("smm-proc-net-");
        try
        {
            File.WriteAllLines(Path.Combine(folder.FullName, "tcp"),
            [
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
                "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967294        0 7 1",
                "   1: 0100007F 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0        0 7 1",
                "   2: 010000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0        0 7 1",
                "   3: XXXXXXXX:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0        0 7 1",
                "   4: 0100007F:99999 00000000:0000 0A 00000000:00000000 00:00000000 00000000 -1        0 7 1",
                "", "0A 0A 0A 0A 0A 0A 0A 0A 0A 0A 0A",
            ]);

            var socket = Assert.Single(ListeningSockets.Tcp(folder.FullName));
            Assert.Equal((new IPEndPoint(IPAddress.Loopback, 22), -2), (socket.Local, socket.UserId));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void ConnectionIsNotAListener()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        var port = ((IPEndPoint)client.Client.LocalEndPoint!).Port;

        Assert.DoesNotContain(ListeningSockets.Tcp(), socket => socket.Local.Port == port);
    }

    [Fact]
    public void UdpSocketIsListedWhileItHasNoPeer()
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)server.Client.LocalEndPoint!).Port;
        Assert.Single(ListeningSockets.Udp(), socket => socket.Local.Port == port);

        server.Connect(IPAddress.Loopback, 9);

        Assert.DoesNotContain(ListeningSockets.Udp(), socket => socket.Local.Port == port);
    }

    [Fact]
    public void OwnerOfASocketIsNamedWithItsProcess()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var socket = Assert.Single(ListeningSockets.Tcp(), socket => socket.Local.Port == port);

        var owner = SocketOwners.Find([socket])[socket.Inode];

        Assert.Equal(new SocketOwner(Environment.ProcessId, File.ReadAllText("/proc/self/comm").TrimEnd()), owner);
        Assert.Equal($"{owner.Name} (pid {Environment.ProcessId})", owner.ToString());
    }

    [Fact]
    public void ClosedSocketHasNoOwner() =>
        Assert.Empty(SocketOwners.Find([new ListeningSocket(new IPEndPoint(IPAddress.Any, 1), 0, "18446744073709551615")]));
}
