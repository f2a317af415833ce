using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Daemon.Listeners;

namespace SmmAgent.Tests.Daemon.Listeners;

public sealed class ConnectionSlotsTests
{
    private static readonly HttpEndpoint Ok = exchange => exchange.AnswerAsync(200, "ok");

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:2", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("127.0.0.1", "127.99.0.1", true)]
    [InlineData("127.0.0.1", "::1", true)]
    [InlineData("127.0.0.1", "::ffff:127.0.0.2", true)]
    public void AClientIsAnIPv4AddressAnIPv6NetworkOrThisHost(string first, string second, bool same)
    {
        var places = new ConnectionSlots(total: 10, perClient: 1);
        var host = new Clients(places);
        host.Enter(first)!.Begin();

        Assert.Equal(same, host.Enter(second) is null);
    }

    [Fact]
    public void LongestIdleConnectionOfAClientIsClosedForItsNewOne()
    {
        var clients = new Clients(new ConnectionSlots(total: 10, perClient: 3));
        clients.Enter("192.0.2.1", "first")!.Begin();
        clients.Enter("192.0.2.1", "second");
        var third = clients.Enter("192.0.2.1", "third")!;
        clients.Enter("192.0.2.1", "fourth");
        third.Begin();
        third.End();
        clients.Enter("192.0.2.1", "fifth");

        Assert.Equal(["second", "fourth"], clients.Aborted);
    }

    [Fact]
    public void ClientWithMostConnectionsLosesOneToANewClientAlsoIfAllAreInUse()
    {
        var clients = new Clients(new ConnectionSlots(total: 4, perClient: 3));
        var idle = clients.Enter("192.0.2.9", "prometheus")!;
        for (var i = 0; i < 3; i++)
            clients.Enter("192.0.2.1", $"busy {i}")!.Begin();

        Assert.NotNull(clients.Enter("192.0.2.2", "new"));
        Assert.Equal(["busy 0"], clients.Aborted);
        idle.Dispose();
    }

    [Fact]
    public void LongestIdleConnectionIsClosedWhereEveryClientHasOne()
    {
        var clients = new Clients(new ConnectionSlots(total: 2, perClient: 2));
        var first = clients.Enter("192.0.2.1", "first")!;
        clients.Enter("192.0.2.2", "second")!.Begin();
        Assert.NotNull(clients.Enter("192.0.2.3", "third"));
        Assert.Equal(["first"], clients.Aborted);

        clients.Enter("192.0.2.4", "fourth")!.Begin();
        Assert.Null(clients.Enter("192.0.2.5", "fifth"));
        first.Dispose(); // its late end frees no second slot
        Assert.Null(clients.Enter("192.0.2.5", "fifth"));
        Assert.Equal(["first", "third"], clients.Aborted);
    }

    [Fact]
    public async Task LoopbackAddressesCountAsOneClient()
    {
        await using var listeners = await RunningListeners.StartAsync(Ok);
        var held = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            held.Add(await listeners.ConnectAsync(from: $"127.0.0.{i + 1}"));
            Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(held[i]));
        }

        var open = 0;
        foreach (var socket in held)
            open += await RunningListeners.AskAsync(socket) == "HTTP/1.1 200 OK" ? 1 : 0;
        Assert.Equal(16, open);
        Assert.True(await listeners.IsServedAsync());
        held.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task SilentConnectionIsClosedAfterFiveSeconds()
    {
        await using var listeners = await RunningListeners.StartAsync(Ok);
        using var silent = await listeners.ConnectAsync();
        using var served = await listeners.ConnectAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(served));

        Assert.Equal("", await ReadOrResetAsync(silent));
        Assert.InRange(clock.Elapsed.TotalSeconds, 4, 30);
        Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(served));
    }

    [Fact]
    public async Task ClientWithSlowHeadersIsDisconnected()
    {
        await using var listeners = await RunningListeners.StartAsync(Ok);
        using var slow = await listeners.ConnectAsync();
        await slow.SendAsync("GET /healthz HTTP/1.1\r\nHost: "u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 408 ", await RunningListeners.ReadAsync(slow), StringComparison.Ordinal);
        Assert.Equal("", await RunningListeners.ReadAsync(slow));
    }

    [Theory]
    [InlineData(2000, 1, "HTTP/1.1 414 ")]
    [InlineData(1, 9000, "HTTP/1.1 431 ")]
    public async Task ALongHeadIsRefused(int path, int header, string status)
    {
        await using var listeners = await RunningListeners.StartAsync(Ok);
        using var socket = await listeners.ConnectAsync();
        var head = $"GET /{new string('x', path)} HTTP/1.1\r\nHost: vm\r\nX: {new string('x', header)}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);

        Assert.StartsWith(status, await RunningListeners.ReadAsync(socket), StringComparison.Ordinal);
    }

    private static async Task<string> ReadOrResetAsync(Socket socket)
    {
        try
        {
            return await RunningListeners.ReadAsync(socket);
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private sealed class Clients(ConnectionSlots places)
    {
        public List<string> Aborted { get; } = [];

        public ConnectionSlots.Slot? Enter(string address, string name = "") =>
            places.Enter(IPAddress.Parse(address), () => Aborted.Add(name));
    }
}
