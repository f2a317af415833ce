using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Linux.Network.Connections;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>Which of some connections the sidecar captures, by family of address and port.</summary>
/// <param name="probed">Where the connections go.</param>
public delegate Task<IReadOnlySet<(AddressFamily Family, int Port)>> FindCaptured(
    IReadOnlyCollection<IPEndPoint> probed, CancellationToken cancel);

/// <summary>Finds out whether the sidecar captures this process's own connections, instead of assuming that it leaves them alone.</summary>
/// <remarks>
/// While a capture is in place, it connects to addresses that nobody may have (RFC 5737, RFC 3849), in the same way and to the same ports
/// as the probes. Only a proxy in between accepts such a connection. Networks with a transparent proxy do that, too, so the rules on this
/// host count as well.
/// </remarks>
/// <param name="isInPlace">Whether rules of the sidecar's capture are on this host; null where this process may not see them.</param>
/// <param name="listens">Whether the sidecar listens where its capture leads.</param>
/// <param name="connect">Opens a connection as the probes do.</param>
public sealed class CaptureProbe(
    TimeProvider time, Func<CancellationToken, Task<bool>>? isInPlace, Func<bool> listens,
    Func<IPEndPoint, CancellationToken, Task<Socket>>? connect = null)
{
    /// <summary>How long a connection is waited for; where nothing captures it, nobody answers.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>tcpmux: a port that no program serves any more.</summary>
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
        // Somebody else may listen on that port; so rules that can be seen decide.
        return captured.Count > 0 && !isSeen && isInPlace is not null && !await isInPlace(cancel) ? none : captured;
    }

    private async Task<bool> IsCapturedAsync(IPEndPoint probed, bool isListening, CancellationToken cancel)
    {
        var reserved = probed.AddressFamily == AddressFamily.InterNetwork ? ReservedIPv4 : ReservedIPv6;
        var fault = await TryAsync(new(reserved, probed.Port), cancel);
        // Without a route to that address its packets do not come as far as the capture. Those to the probed address do.
        if (fault is SocketError.NetworkUnreachable or SocketError.AddressNotAvailable)
            return await TryAsync(new(probed.Address, UnusedPort), cancel) == SocketError.Success;
        // While Envoy starts, the capture leads to a port of this host on which nobody listens.
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
