using System.Net.Sockets;
using System.Text;
using SmmAgent.Linux.Network;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Asks the sidecar whether it is ready, as Kubernetes asks a pod's: HTTP on 15021 of this host.</summary>
public sealed class SidecarReadiness(TimeProvider time, int port = SidecarReadiness.Port)
{
    public const int Port = 15021;

    private const int MaximumBytes = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly byte[] Question = Encoding.ASCII.GetBytes("GET /healthz/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    /// <returns>Whether it answered with 200; no answer is no.</returns>
    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(Patience, time, cancel);
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(System.Net.IPAddress.Loopback, port, deadline.Token);
            await socket.SendAsync(Question, deadline.Token);
            var answer = new byte[MaximumBytes];
            var length = 0;
            while (length < 12 && await socket.ReceiveAsync(answer.AsMemory(length), deadline.Token) is var more and > 0)
                length += more;
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return false;
        }
    }
}
