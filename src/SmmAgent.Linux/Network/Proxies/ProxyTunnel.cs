using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Network.Proxies;

/// <summary>A tunnel that could not be opened. The message is a sentence without the password of the proxy.</summary>
public sealed class ProxyException(string message) : IOException(message);

/// <summary>
/// Opens connections through a proxy, with the method CONNECT only. The proxy transports bytes: it gets no request, no token and no
/// certificate of the agent.
/// </summary>
internal static class ProxyTunnel
{
    /// <summary>The time limit of the connection to the proxy, and of its answer, which it sends after it has reached the server.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const int MaximumHead = 16 * 1024;

    /// <summary>Connects to the proxy and opens a tunnel.</summary>
    public static async Task<Stream> ConnectAsync(ProxyAddress proxy, string host, int port, CancellationToken cancel)
    {
        using var deadline = new Deadline(Timeout, TimeProvider.System, cancel);
        var isConnected = false;
        try
        {
            IPAddress[] addresses = IPAddress.TryParse(proxy.Host, out var literal)
                ? [literal] : await HostResolver.ResolveAsync(proxy.Host, deadline.Token);
            var stream = new NetworkStream(
                await Connector.ConnectFirstAsync(addresses, proxy.Port, deadline.Token), ownsSocket: true);
            isConnected = true;
            try
            {
                return await OpenAsync(stream, proxy, host, port, deadline.Token) is { } failure
                    ? throw new ProxyException($"the proxy {proxy} {failure}")
                    : stream;
            }
            catch
            {
                await stream.DisposeAsync();
                throw;
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            throw new ProxyException(isConnected
                ? $"the proxy {proxy} did not connect to {HostPort.Text(host, port)} within {Timeout.TotalSeconds:0} s"
                : $"the proxy {proxy} did not answer within {Timeout.TotalSeconds:0} s: check dashboard.proxy and the firewalls on the "
                    + "path");
        }
        catch (SocketException exception)
        {
            throw new ProxyException($"the proxy {proxy} {Describe(exception)}; check dashboard.proxy");
        }
        catch (IOException exception) when (exception is not ProxyException)
        {
            throw new ProxyException($"the proxy {proxy} closed the connection without an answer to CONNECT");
        }
    }

    /// <summary>Requests the tunnel on an open connection to the proxy.</summary>
    /// <returns>Null if the tunnel is open; otherwise the failure, as a verb phrase with the remediation.</returns>
    public static async Task<string?> OpenAsync(Stream connection, ProxyAddress proxy, string host, int port, CancellationToken cancel)
    {
        var authority = HostPort.Text(host, port);
        var request = $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: smm-agent\r\n"
            + (proxy.Credentials is { } credentials ? $"Proxy-Authorization: {credentials}\r\n" : "") + "\r\n";
        await connection.WriteAsync(Encoding.ASCII.GetBytes(request), cancel);
        var head = await ReadHeadAsync(connection, cancel);
        return head.Length == 0 ? "closed the connection without an answer to CONNECT"
            : Status(head) switch
            {
                null => "does not answer CONNECT with HTTP: check that dashboard.proxy names an http proxy",
                >= 200 and < 300 => null,
                407 when proxy.Credentials is null =>
                    $"requires a user and a password: set dashboard.proxy to http://USER:PASSWORD@{proxy}",
                407 => "refuses the user and the password of dashboard.proxy; only the Basic scheme is supported",
                403 or 405 => $"refuses CONNECT {authority} with {Status(head)}: have it allow this host and port",
                { } status => $"answered {status} to CONNECT {authority}: check whether it reaches the dashboard, and its log",
            };
    }

    // Byte by byte: what follows the head belongs to the server behind the tunnel.
    private static async Task<string> ReadHeadAsync(Stream connection, CancellationToken cancel)
    {
        var head = new byte[MaximumHead];
        var length = 0;
        while (length < head.Length && !head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            if (await connection.ReadAsync(head.AsMemory(length, 1), cancel) == 0)
                return "";
            length++;
        }

        return Encoding.Latin1.GetString(head, 0, length);
    }

    private static int? Status(string head) =>
        head.StartsWith("HTTP/1.", StringComparison.Ordinal) && head.Length > 12 && head[8] == ' '
        && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;

    private static string Describe(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "has a name that does not resolve",
        var error => Connector.FailureFrom(error).Detail,
    };
}
