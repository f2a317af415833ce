using System.Net;
using Microsoft.AspNetCore.Connections;
using SmmDashboard.Hosting;

namespace SmmDashboard.Http.Connections;

/// <summary>Limits the open connections of the API in total and per client address.</summary>
public sealed class ConnectionLimits(int total, int perClient, TimeProvider clock, ILogger<ConnectionLimits> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, int> _clients = [];
    private readonly LogLimiter _logLimiter = new(clock);
    private int _open;

    /// <summary>The name of the option of the total, for the log; empty for a fixed limit.</summary>
    public string TotalOption { get; init; } = "";

    /// <summary>The name of the option of one client, for the log; empty for a fixed limit.</summary>
    public string PerClientOption { get; init; } = "";

    /// <summary>
    /// Counts a connection that was just accepted. Close a refused connection at once: even a short queue of them holds many open files.
    /// </summary>
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
        {
            var reason = isTotal
                ? $"{total} connections are open{TotalOption}"
                : $"{perClient} connections of this address are open{PerClientOption}";
            log.ConnectionRefused($"{client}", reason, withheld);
        }

        return false;
    }

    /// <summary>Marks the connection as counted until its middleware ends.</summary>
    public void Count(ConnectionContext connection, IPAddress? client) => connection.Features.Set(new Counted(ClientAddress.Key(client)));

    /// <summary>The connection middleware of every endpoint. It releases a connection that was counted.</summary>
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

    /// <summary>Releases a counted connection that ended, including one that never reached the middleware.</summary>
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
