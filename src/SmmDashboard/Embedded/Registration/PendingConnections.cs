using System.Net;
using System.Net.Sockets;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The connections that are at one step before their registration: silent, or speaking. They are a limited number, in total and for each client address. The next one is never
/// refused: it takes the place of the one that has waited longest, of the same client, or of the client that has the most.
/// </summary>
public sealed class PendingConnections(int total, int perClient, TimeProvider clock, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly List<PendingConnection> _all = []; // the oldest first
    private readonly LogLimiter _logLimiter = new(clock);

    /// <param name="address">The client's.</param>
    /// <param name="socket">Where bytes may have come that nobody has read yet; null where all have spoken.</param>
    /// <param name="stoppingToken">The end of the dashboard.</param>
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

    /// <summary>It has come a step further, or is gone.</summary>
    public void Leave(PendingConnection newcomer)
    {
        lock (_lock)
            _all.Remove(newcomer);
        newcomer.Dispose();
    }

    // On a busy host some have spoken, and it was not noticed yet.
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

    /// <summary>Whether bytes have come that were not read yet.</summary>
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

    /// <summary>Ends when another one takes its place.</summary>
    public CancellationToken Token => _end.Token;

    public void Evict()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just registered, or is gone.
        }
    }

    public void Dispose() => _end.Dispose();
}
