using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Probes the readiness of the sidecar, as Kubernetes does for a pod: HTTP on port 15021 of this host.</summary>
public sealed class SidecarReadiness(TimeProvider time, int port = SidecarReadiness.Port, int capturePort = SidecarReadiness.CapturePort)
{
    public const int Port = 15021;

    /// <summary>The port to which the capture redirects outbound traffic.</summary>
    public const int CapturePort = 15001;

    private const int MaximumBytes = 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly byte[] Request =
        Encoding.ASCII.GetBytes("GET /healthz/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    /// <returns>Whether it answered with 200.</returns>
    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(Timeout, time, cancel);
        try
        {
            // On a host with IPv6 only, the sidecar listens on IPv6 only.
            return await IsReadyAsync(IPAddress.Loopback, deadline.Token) ?? await IsReadyAsync(IPAddress.IPv6Loopback, deadline.Token)
                ?? false;
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return false;
        }
    }

    /// <returns>Whether the host refuses connections to the port of the capture, because nothing listens there.</returns>
    public async Task<bool> IsNotAcceptingAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(Timeout, time, cancel);
        foreach (var loopback in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            try
            {
                using var socket = new Socket(loopback.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(loopback, capturePort, deadline.Token);
                return false;
            }
            catch (SocketException exception)
            when (exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable
                or SocketError.AddressFamilyNotSupported or SocketError.NetworkUnreachable)
            {
                // The other address may accept.
            }
            catch (Exception exception) when (exception is SocketException || (exception is OperationCanceledException && deadline.IsOver))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>Null when there is no answer.</returns>
    private async Task<bool?> IsReadyAsync(IPAddress loopback, CancellationToken cancel)
    {
        try
        {
            using var socket = new Socket(loopback.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(loopback, port, cancel);
            await socket.SendAsync(Request, cancel);
            var answer = new byte[MaximumBytes];
            var length = 0;
            while (length < 12 && await socket.ReceiveAsync(answer.AsMemory(length), cancel) is var more and > 0)
                length += more;
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
