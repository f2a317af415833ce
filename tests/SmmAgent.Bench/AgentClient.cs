using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace SmmAgent.Bench;

/// <summary>The HTTP client of one agent. Each comes from an address of its own, as VMs do: the dashboard limits each client.</summary>
internal static class AgentClient
{
    /// <param name="group">The URL of the WorkloadGroup on the dashboard's loopback address, with a slash at its end.</param>
    /// <param name="token">The bearer token.</param>
    /// <param name="index">Which agent it is.</param>
    /// <param name="timeout">Longer than it is held in long-poll.</param>
    public static HttpClient Create(string group, string token, int index, TimeSpan timeout)
    {
        var source = new IPAddress(new byte[] { 127, 1, (byte)(index / 250), (byte)(index % 250 + 1) });
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(source, 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = new Uri(group), Timeout = timeout };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("smm-agent/0.1.0");
        return client;
    }
}
