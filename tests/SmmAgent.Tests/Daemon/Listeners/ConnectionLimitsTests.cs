using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Daemon.Listeners;

namespace SmmAgent.Tests.Daemon.Listeners;

public sealed class ConnectionLimitsTests
{
    private static readonly Site Ok = exchange => exchange.AnswerAsync(200, "ok");

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:2", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    public void AClientIsAnIPv4AddressOrAnIPv6Network(string first, string second, bool same)
    {
        var limits = new ConnectionLimits(total: 10, perClient: 1);

        Assert.True(limits.TryEnter(IPAddress.Parse(first)));
        Assert.Equal(!same, limits.TryEnter(IPAddress.Parse(second)));
    }

    [Fact]
    public void WhoLeavesMakesRoom()
    {
        var limits = new ConnectionLimits(total: 2, perClient: 1);
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.2")));
        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.2.3")));

        limits.Leave(IPAddress.Parse("192.0.2.2"));

        Assert.False(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.3")));
    }

    [Fact]
    public async Task AClientWithTooManyConnectionsIsCutOffAndOthersAreServed()
    {
        await using var listeners = await RunningListeners.StartAsync(Ok);
        var held = new List<Socket>();
        for (var i = 0; i < 16; i++)
        {
            held.Add(await listeners.ConnectAsync());
            Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(held[i]));
        }

        Assert.False(await listeners.IsServedAsync());
        Assert.True(await listeners.IsServedAsync(from: "127.0.0.2"));

        held.ForEach(socket => socket.Dispose());
        while (!await listeners.IsServedAsync())
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task ManyClientsTogetherHaveALimitToo()
    {
        await using var listeners = await RunningListeners.StartAsync(Ok, new ConnectionLimits(total: 2, perClient: 2));
        using var first = await listeners.ConnectAsync(from: "127.0.0.2");
        using var second = await listeners.ConnectAsync(from: "127.0.0.3");
        Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(first));
        Assert.Equal("HTTP/1.1 200 OK", await RunningListeners.AskAsync(second));

        Assert.False(await listeners.IsServedAsync(from: "127.0.0.4"));
    }

    [Fact]
    public async Task WhoSendsHisHeadersTooSlowlyIsCutOff()
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
}
