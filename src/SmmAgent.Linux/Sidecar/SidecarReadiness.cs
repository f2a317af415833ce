using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Asks the sidecar whether it is ready, as Kubernetes asks a pod's: HTTP on 15021 of this host.</summary>
public sealed class SidecarReadiness(TimeProvider time, int port = SidecarReadiness.Port, int capturePort = SidecarReadiness.CapturePort)
{
    public const int Port = 15021;

    /// <summary>Where its capture leads what leaves the host.</summary>
    public const int CapturePort = 15001;

    private const int MaximumBytes = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly byte[] Question =
        Encoding.ASCII.GetBytes("GET /healthz/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    /// <returns>Whether it answered with 200; no answer is no.</returns>
    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(Patience, time, cancel);
        try
        {
            // On a host with IPv6 alone the sidecar listens there alone.
            return await IsReadyAsync(IPAddress.Loopback, deadline.Token) ?? await IsReadyAsync(IPAddress.IPv6Loopback, deadline.Token)
                ?? false;
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return false;
        }
    }

    /// <returns>Whether the host itself says that nobody listens where the sidecar's capture leads.</returns>
    public async Task<bool> IsNotAcceptingAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(Patience, time, cancel);
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
                // The other one may.
            }
            catch (Exception exception) when (exception is SocketException || (exception is OperationCanceledException && deadline.IsOver))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>Null when nobody answers there.</returns>
    private async Task<bool?> IsReadyAsync(IPAddress loopback, CancellationToken cancel)
    {
        try
        {
            using var socket = new Socket(loopback.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(loopback, port, cancel);
            await socket.SendAsync(Question, cancel);
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
