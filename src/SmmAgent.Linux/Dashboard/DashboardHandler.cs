using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Configures all HTTP connections to the dashboard, and to the servers that it refers to.</summary>
internal static class DashboardHandler
{
    public static SocketsHttpHandler New(DashboardTrust trust, ProxySetting proxy) => new()
    {
        AllowAutoRedirect = false, // a token never follows a redirect
        UseProxy = false, // dashboard.proxy decides, and ProxyTunnel connects
        UseCookies = false,
        ConnectTimeout = proxy.IsNone ? TimeSpan.FromSeconds(5) : ProxyTunnel.Timeout + TimeSpan.FromSeconds(5),
        ConnectCallback = (context, cancel) => ConnectAsync(context, trust, proxy, cancel),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5), // before the dashboard ends it, after 10 s
        PooledConnectionLifetime = TimeSpan.FromMinutes(10), // then the name is resolved anew
        MaxResponseHeadersLength = 32,
        MaxResponseDrainSize = 0,
        ActivityHeadersPropagator = null,
        SslOptions = trust.Options(),
    };

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, DashboardTrust trust, ProxySetting proxy, CancellationToken cancel)
    {
        var url = context.InitialRequestMessage.RequestUri!;
        trust.Connecting(url.Scheme == Uri.UriSchemeHttps);
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var choice = ProxyEnvironment.Choose(proxy, url);
        if (choice.Error is { } error)
            throw new ProxyException(error);
        if (choice.Address is { } address)
        {
            var tunnel = await ProxyTunnel.ConnectAsync(address, host, port, cancel);
            trust.Connected();
            return tunnel;
        }

        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await HostResolver.ResolveAsync(host, cancel);
        var connection = await Connector.ConnectFirstAsync(addresses, port, cancel);
        trust.Connected();
        return new NetworkStream(connection, ownsSocket: true);
    }
}
