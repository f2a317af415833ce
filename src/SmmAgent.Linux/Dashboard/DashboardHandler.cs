using System.Net;
using System.Net.Sockets;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Configures all HTTP connections to the dashboard, and to the servers that it refers to.</summary>
internal static class DashboardHandler
{
    public static SocketsHttpHandler New(DashboardTrust trust) => new()
    {
        AllowAutoRedirect = false, // a token never follows a redirect
        UseProxy = false, // the VM must reach the cluster itself anyway, and a proxy in the environment would be a surprise
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = (context, cancel) => ConnectAsync(context, trust, cancel),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5), // before the dashboard ends it, after 10 s
        PooledConnectionLifetime = TimeSpan.FromMinutes(10), // then the name is resolved anew
        MaxResponseHeadersLength = 32,
        MaxResponseDrainSize = 0,
        ActivityHeadersPropagator = null,
        SslOptions = trust.Options(),
    };

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, DashboardTrust trust, CancellationToken cancel)
    {
        trust.Connecting(context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttps);
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await HostResolver.ResolveAsync(host, cancel);
        var connection = await Connector.ConnectFirstAsync(addresses, port, cancel);
        trust.Connected();
        return new NetworkStream(connection, ownsSocket: true);
    }
}
