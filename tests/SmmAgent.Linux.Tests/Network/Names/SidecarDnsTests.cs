using System.Net;
using System.Net.Sockets;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Tests.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Names;

/// <summary>The question to the sidecar's DNS server, asked of a server on loopback.</summary>
public sealed class SidecarDnsTests : IDisposable
{
    private const string Name = "kubernetes.default.svc.cluster.local";
    private static readonly byte[] Address = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 96, 0, 1];

    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _server;

    public SidecarDnsTests()
    {
        _tcp.Bind(new IPEndPoint(Loopback.Next(), 0));
        _server = (IPEndPoint)_tcp.LocalEndPoint!;
        _udp.Bind(_server);
    }

    public void Dispose()
    {
        _udp.Dispose();
        _tcp.Dispose();
    }

    [Fact]
    public async Task NameWithAnAddressResolves()
    {
        var answering = AnswerAsync(query => Answer(query, 0x8580, 1, Address));

        Assert.Equal(new(SidecarResolution.Resolves, "it has an address"), await AskAsync());
        await answering;
    }

    [Fact]
    public async Task NxdomainDoesNotResolve()
    {
        var answering = AnswerAsync(query => Answer(query, 0x8183, 0));

        Assert.Equal(new(SidecarResolution.DoesNotResolve, "NXDOMAIN"), await AskAsync());
        await answering;
    }

    [Fact]
    public async Task NameWithoutAddressesDoesNotResolve()
    {
        var answering = AnswerAsync(query => Answer(query, 0x8580, 0), query => Answer(query, 0x8580, 0));

        Assert.Equal(new(SidecarResolution.DoesNotResolve, "it has no address"), await AskAsync());
        Assert.Equal([1, 28], await answering);
    }

    [Fact]
    public async Task ServerFailureAndGarbageAreUnknown()
    {
        var answering = AnswerAsync(query => Answer(query, 0x8182, 0), _ => [1, 2, 3]);

        Assert.Equal(new(SidecarResolution.Unknown, "the sidecar's answer does not tell"), await AskAsync());
        Assert.Equal(new(SidecarResolution.Unknown, "the sidecar's answer does not tell"), await AskAsync());
        await answering;
    }

    [Fact]
    public async Task TruncatedAnswerIsRepeatedOverTcp()
    {
        _tcp.Listen();
        var answering = AnswerAsync(query => Answer(query, 0x8380, 0));
        var whole = AnswerOverTcpAsync(query => Answer(query, 0x8580, 1, Address));

        Assert.Equal(SidecarResolution.Resolves, (await AskAsync()).Resolution);
        await Task.WhenAll(answering, whole);
    }

    [Fact]
    public async Task TcpIsUsedWithoutAnAnswerOverUdp()
    {
        _tcp.Listen();
        var answering = AnswerOverTcpAsync(query => Answer(query, 0x8580, 1, Address));

        Assert.Equal(SidecarResolution.Resolves, (await AskAsync(TimeSpan.FromSeconds(3))).Resolution);
        await answering;
    }

    [Fact]
    public async Task SilentServerIsUnknownWithinTheTimeout()
    {
        _tcp.Listen(); // the kernel accepts, and no answer comes

        Assert.Equal(new(SidecarResolution.Unknown, "the sidecar did not answer within 0.3 s"), await AskAsync(TimeSpan.FromSeconds(0.3)));
    }

    [Fact]
    public async Task ServerThatClosesTheConnectionIsUnknown()
    {
        _tcp.Listen();
        _udp.Dispose();
        var answering = AnswerOverTcpAsync(_ => []);

        Assert.Equal(SidecarResolution.Unknown, (await AskAsync()).Resolution);
        await answering;
    }

    [Fact]
    public async Task MissingListenerIsReported()
    {
        _udp.Dispose();
        _tcp.Dispose();

        Assert.Equal(new(SidecarResolution.NothingListens, $"nothing listens on {_server}"), await AskAsync());
    }

    [Fact]
    public async Task InvalidDnsNameIsNotAsked() => Assert.Equal(
        new(SidecarResolution.Unknown, "it is no DNS name"),
        await new SidecarDns(TimeProvider.System, _server).AskAsync("kubernetes..svc", TestContext.Current.CancellationToken));

    private Task<SidecarDnsReply> AskAsync(TimeSpan? timeout = null) =>
        new SidecarDns(TimeProvider.System, _server, timeout ?? Probing.Patient).AskAsync(Name, TestContext.Current.CancellationToken);

    /// <returns>The types that were asked for.</returns>
    private async Task<List<byte>> AnswerAsync(params Func<byte[], byte[]>[] answers)
    {
        var cancel = TestContext.Current.CancellationToken;
        List<byte> types = [];
        foreach (var answer in answers)
        {
            var buffer = new byte[512];
            var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancel);
            types.Add(buffer[received.ReceivedBytes - 3]);
            await _udp.SendToAsync(answer(buffer[..received.ReceivedBytes]), received.RemoteEndPoint, cancel);
        }

        return types;
    }

    private async Task AnswerOverTcpAsync(Func<byte[], byte[]> answer)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var client = await _tcp.AcceptAsync(cancel);
        await using var stream = new NetworkStream(client);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancel);
        var query = new byte[(length[0] << 8) + length[1]];
        await stream.ReadExactlyAsync(query, cancel);
        if (answer(query) is { Length: > 0 } bytes)
            await stream.WriteAsync((byte[])[(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes], cancel);
    }

    private static byte[] Answer(byte[] query, ushort flags, byte count, params byte[] records) =>
        [.. query[..2], (byte)(flags >> 8), (byte)flags, 0, 1, 0, count, 0, 0, 0, 0, .. query[12..], .. records];
}
