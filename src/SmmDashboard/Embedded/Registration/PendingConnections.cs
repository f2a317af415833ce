using System.Net;
using System.Net.Sockets;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The connections in one state before registration: silent or speaking. Their number is limited in total and per client address. A new
/// connection is never refused: it replaces the oldest one of the same client, or of the client with the most connections.
/// </summary>
public sealed class PendingConnections(int total, int perClient, TimeProvider clock, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly List<PendingConnection> _all = []; // oldest first
    private readonly LogLimiter _logLimiter = new(clock);

    /// <summary>Adds a connection, and closes another one if a limit is reached.</summary>
    /// <param name="address">The address of the client.</param>
    /// <param name="socket">The socket, which may have unread bytes; null for speaking connections.</param>
    /// <param name="stoppingToken">Cancelled when the dashboard stops.</param>
    public PendingConnection Enter(IPAddress? address, Socket? socket, CancellationToken stoppingToken)
    {
        var newcomer = new PendingConnection(ClientAddress.Key(address), socket, stoppingToken);
        PendingConnection? leaving;
        lock (_lock)
        {
            var own = _all.Count(other => other.Client == newcomer.Client);
            leaving = own >= perClient ? Oldest(newcomer.Client)
                : _all.Count >= total ? Oldest(_all.CountBy(other => other.Client).MaxBy(count => count.Value).Key)
                : null;
            if (leaving is not null)
                _all.Remove(leaving);
            _all.Add(newcomer);
        }

        if (leaving is not null)
        {
            leaving.Evict();
            if (_logLimiter.TryAcquire(out var withheld))
                log.PendingConnectionClosed(total, perClient, $"{address}", withheld);
        }

        return newcomer;
    }

    /// <summary>Removes a connection that has reached the next state or was closed.</summary>
    public void Leave(PendingConnection newcomer)
    {
        lock (_lock)
            _all.Remove(newcomer);
        newcomer.Dispose();
    }

    // On a busy host some clients may have sent bytes that were not processed yet.
    private PendingConnection Oldest(UInt128 client)
    {
        var own = _all.Where(other => other.Client == client);
        return own.FirstOrDefault(other => !other.HasBytes) ?? own.First();
    }
}

/// <summary>A connection that has not registered yet.</summary>
public sealed class PendingConnection(UInt128 client, Socket? socket, CancellationToken stoppingToken) : IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);

    public UInt128 Client { get; } = client;

    /// <summary>Whether there are unread bytes.</summary>
    public bool HasBytes
    {
        get
        {
            try
            {
                return socket?.Available > 0;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Cancelled when another connection replaces this one.</summary>
    public CancellationToken Token => _end.Token;

    public void Evict()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection has just registered or was closed.
        }
    }

    public void Dispose() => _end.Dispose();
}
