using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using MeshStandIn;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Probes;

public sealed class AnyTlsProbeTests : IDisposable
{
    private readonly StandInAuthority _authority = StandInAuthority.Create();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("istiod-cp-v115x.istio-system.svc", "istiod-cp-v115x.istio-system.svc")]
    [InlineData("10.244.1.5", "")]
    [InlineData("fd00::5", "")]
    public async Task ServerAcceptsTheClientHelloAndReadsItsName(string serverName, string sni)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var leaf = _authority.Issue(["any.example"]);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancel);
        using var accepted = await listener.AcceptTcpClientAsync(cancel);
        await using var server = new SslStream(accepted.GetStream());
        SslClientHelloInfo? heard = null;
        var handshake = server.AuthenticateAsServerAsync(
            (_, hello, _, _) =>
            {
                heard = hello;
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = leaf });
            },
            null,
            cancel);

        var result = await new AnyTlsProbe(serverName).RunAsync(client.GetStream(), cancel);
        client.Close();

        Assert.Equal(PortProbeResult.Ok, result);
        // The server waits for the next message of the handshake, and finds nothing wrong with the first.
        await Assert.ThrowsAnyAsync<IOException>(() => handshake);
        Assert.Equal(sni, heard!.Value.ServerName);
        Assert.True(heard.Value.SslProtocols.HasFlag(SslProtocols.Tls12));
    }

    [Fact]
    public async Task ServerThatClosesTheConnectionMaySpeakTls()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancel);
        (await listener.AcceptTcpClientAsync(cancel)).Close();

        Assert.Equal(PortProbeResult.Ok, await new AnyTlsProbe("istiod").RunAsync(client.GetStream(), cancel));
    }

    [Fact]
    public async Task SingleByteOfAnotherProtocolIsDetected()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancel);
        using (var accepted = await listener.AcceptTcpClientAsync(cancel))
        {
            await accepted.GetStream().WriteAsync("S"u8.ToArray(), cancel);
            accepted.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal(Outcome.NotReady, (await new AnyTlsProbe("istiod").RunAsync(client.GetStream(), cancel)).Outcome);
        }
    }
}
