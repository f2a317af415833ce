using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Linux.Network.Connections;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>Finds the connections that the sidecar captures, by address family and port.</summary>
/// <param name="probed">The targets of the connections.</param>
public delegate Task<IReadOnlySet<(AddressFamily Family, int Port)>> FindCaptured(
    IReadOnlyCollection<IPEndPoint> probed, CancellationToken cancel);

/// <summary>Probes whether the sidecar captures the connections of this process, instead of assuming that they are excluded.</summary>
/// <remarks>
/// While a capture is in place, it connects to addresses that are reserved for documentation (RFC 5737, RFC 3849), in the same way and to
/// the same ports as the probes. Only a proxy in between accepts such a connection. A transparent proxy of the network does that as well,
/// so the rules on this host are also considered.
/// </remarks>
/// <param name="isInPlace">Whether this host has capture rules of the sidecar; null when this process may not read them.</param>
/// <param name="listens">Whether the sidecar listens on the port that the capture redirects to.</param>
/// <param name="connect">Opens a connection in the same way as the probes.</param>
public sealed class CaptureProbe(
    TimeProvider time, Func<CancellationToken, Task<bool>>? isInPlace, Func<bool> listens,
    Func<IPEndPoint, CancellationToken, Task<Socket>>? connect = null)
{
    /// <summary>The time limit of a connection. Without a capture there is no answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>tcpmux: a port that programs no longer use.</summary>
    private const int UnusedPort = 1;

    private const int Most = 16;

    private static readonly IPAddress ReservedIPv4 = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress ReservedIPv6 = IPAddress.Parse("2001:db8::1");

    private readonly Func<IPEndPoint, CancellationToken, Task<Socket>> _connect = connect ?? Connector.ConnectAsync;

    /// <inheritdoc cref="FindCaptured"/>
    public async Task<IReadOnlySet<(AddressFamily Family, int Port)>> FindAsync(
        IReadOnlyCollection<IPEndPoint> probed, CancellationToken cancel)
    {
        HashSet<(AddressFamily, int)> none = [];
        var isListening = listens();
        var isSeen = !isListening && isInPlace is not null && await isInPlace(cancel);
        if (!isListening && !isSeen)
            return none;

        var kinds = probed.Where(endpoint => !IPAddress.IsLoopback(endpoint.Address))
            .DistinctBy(endpoint => (endpoint.AddressFamily, endpoint.Port)).Take(Most).ToList();
        var found = await Task.WhenAll(kinds.Select(endpoint => IsCapturedAsync(endpoint, isListening, cancel)));
        var captured = kinds.Where((_, at) => found[at]).Select(endpoint => (endpoint.AddressFamily, endpoint.Port)).ToHashSet();
        // Another program may listen on that port, so the rules decide if they can be read.
        return captured.Count > 0 && !isSeen && isInPlace is not null && !await isInPlace(cancel) ? none : captured;
    }

    private async Task<bool> IsCapturedAsync(IPEndPoint probed, bool isListening, CancellationToken cancel)
    {
        var reserved = probed.AddressFamily == AddressFamily.InterNetwork ? ReservedIPv4 : ReservedIPv6;
        var fault = await TryAsync(new(reserved, probed.Port), cancel);
        // Without a route to the reserved address, packets do not reach the capture. Packets to the probed address do.
        if (fault is SocketError.NetworkUnreachable or SocketError.AddressNotAvailable)
            return await TryAsync(new(probed.Address, UnusedPort), cancel) == SocketError.Success;
        // While Envoy starts, the capture redirects to a port of this host where no program listens.
        return fault == SocketError.Success || (fault == SocketError.ConnectionRefused && !isListening);
    }

    private async Task<SocketError> TryAsync(IPEndPoint endpoint, CancellationToken cancel)
    {
        using var deadline = new Deadline(Patience, time, cancel);
        try
        {
            using var socket = await _connect(endpoint, deadline.Token);
            return SocketError.Success;
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return SocketError.TimedOut;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }
}
