using System.Net;
using SmmDashboard.Http;
using SmmDashboard.Lifetime;

namespace SmmDashboard.Files.Registration;

/// <summary>
/// The connections that are at one step before their registration: silent, or speaking. They are a limited number, in total and for each client address. The next one is never
/// refused: it takes the place of the one that has waited longest, of the same client, or of the client that has the most.
/// </summary>
public sealed class Newcomers(int total, int perClient, TimeProvider clock, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly List<Newcomer> _all = []; // the oldest first
    private readonly LogGate _gate = new(clock);

    public Newcomer Enter(IPAddress? address, CancellationToken stoppingToken)
    {
        var newcomer = new Newcomer(ClientAddress.Key(address), stoppingToken);
        Newcomer? leaving;
        lock (_lock)
        {
            var own = _all.Count(other => other.Client == newcomer.Client);
            leaving = own >= perClient ? OldestOf(newcomer.Client)
                : _all.Count >= total ? OldestOf(_all.CountBy(other => other.Client).MaxBy(count => count.Value).Key)
                : null;
            if (leaving is not null)
                _all.Remove(leaving);
            _all.Add(newcomer);
        }

        if (leaving is not null)
        {
            leaving.MakeWay();
            if (_gate.TryOpen(out var withheld))
                log.NewcomerLeaves(total, perClient, $"{address}", withheld);
        }

        return newcomer;
    }

    /// <summary>It has come a step further, or is gone.</summary>
    public void Leave(Newcomer newcomer)
    {
        lock (_lock)
            _all.Remove(newcomer);
        newcomer.Dispose();
    }

    private Newcomer OldestOf(UInt128 client) => _all.First(other => other.Client == client);
}

/// <summary>A connection that has not registered yet.</summary>
public sealed class Newcomer(UInt128 client, CancellationToken stoppingToken) : IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);

    public UInt128 Client { get; } = client;

    /// <summary>Ends when another one takes its place.</summary>
    public CancellationToken Token => _end.Token;

    public void MakeWay()
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
