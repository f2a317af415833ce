using System.Net;
using Microsoft.AspNetCore.Connections;
using SmmDashboard.Hosting;

namespace SmmDashboard.Http.Connections;

/// <summary>The open connections of the API: their number is limited in total and for each client address.</summary>
public sealed class ConnectionLimits(int total, int perClient, TimeProvider clock, ILogger<ConnectionLimits> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, int> _clients = [];
    private readonly LogLimiter _logLimiter = new(clock);
    private int _open;

    /// <summary>Counts a connection that was just accepted. One that is refused is to be closed at once: even a short queue of them is many open files.</summary>
    public bool TryEnter(IPAddress? client)
    {
        var (key, isTotal) = (ClientAddress.Key(client), false);
        lock (_lock)
        {
            var own = _clients.GetValueOrDefault(key);
            isTotal = _open >= total;
            if (!isTotal && own < perClient)
            {
                _open++;
                _clients[key] = own + 1;
                return true;
            }
        }

        if (_logLimiter.TryAcquire(out var withheld))
            log.ConnectionRefused($"{client}", isTotal ? $"{total} are open in total" : $"{perClient} of this address are open", withheld);
        return false;
    }

    /// <summary>The connection counts until its middleware ends.</summary>
    public void Count(ConnectionContext connection, IPAddress? client) => connection.Features.Set(new Counted(ClientAddress.Key(client)));

    /// <summary>The connection middleware of each endpoint, counted or not.</summary>
    public ConnectionDelegate UntilEnd(ConnectionDelegate next) => async connection =>
    {
        try
        {
            await next(connection);
        }
        finally
        {
            if (connection.Features.Get<Counted>() is { } counted)
                Leave(counted.Client);
        }
    };

    /// <summary>A connection ended that was counted, also one that never got to the middleware.</summary>
    public void Leave(UInt128 client)
    {
        lock (_lock)
        {
            _open--;
            if (--_clients[client] == 0)
                _clients.Remove(client);
        }
    }

    private sealed record Counted(UInt128 Client);
}
