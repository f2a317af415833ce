using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using SmmDashboard.Hosting;

namespace SmmDashboard.Http.Connections;

/// <summary>
/// Kestrel's socket transport with an accept loop that closes connections above the limits at once, and waits while the process or the host
/// has no file for another connection. The framework's own loop retries immediately and forever, which uses a whole processor.
/// </summary>
/// <param name="limitsOf">The limits of the connections of an endpoint; null for an endpoint whose connections are not counted.</param>
/// <param name="clock">The clock.</param>
/// <param name="loggers">Creates the loggers of the transport.</param>
public sealed class LimitedTransport(Func<EndPoint, ConnectionLimits?> limitsOf, TimeProvider clock, ILoggerFactory loggers)
    : IConnectionListenerFactory
{
    private const string FrameworkCategory = "Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets";

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var options = new SocketTransportOptions();
        Socket socket;
        try
        {
            socket = options.CreateBoundListenSocket(endpoint);
            socket.Listen(options.Backlog);
        }
        catch (SocketException exception)
        {
            throw new ListenException(endpoint, exception);
        }

        return ValueTask.FromResult<IConnectionListener>(new Listener(
            socket, new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), loggers.CreateLogger(FrameworkCategory)),
            new AcceptPause(clock, loggers.CreateLogger<LimitedTransport>()), limitsOf(endpoint)));
    }

    private sealed class Listener(Socket socket, SocketConnectionContextFactory connections, AcceptPause pause, ConnectionLimits? limits)
        : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    if (Admitted(await socket.AcceptAsync(cancellationToken)) is { } connection)
                        return connection;
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.OperationAborted)
                {
                    return null;
                }
                catch (SocketException exception)
                {
                    await pause.AfterAsync(exception, cancellationToken);
                }
            }
        }

        private ConnectionContext? Admitted(Socket accepted)
        {
            IPAddress? client = null;
            var isCounted = false;
            try
            {
                client = (accepted.RemoteEndPoint as IPEndPoint)?.Address;
                isCounted = limits?.TryEnter(client) == true;
                if (limits is not null && !isCounted)
                {
                    accepted.Dispose();
                    return null;
                }

                accepted.NoDelay = true;
                var connection = connections.Create(accepted);
                limits?.Count(connection, client);
                return connection;
            }
            catch
            {
                // The client has already disconnected, so it no longer counts.
                accepted.Dispose();
                if (isCounted)
                    limits!.Leave(ClientAddress.Key(client));
                throw;
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            connections.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Delays an accept loop after a failure.</summary>
public sealed class AcceptPause(TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly LogLimiter _logLimiter = new(clock);

    public async Task AfterAsync(SocketException failure, CancellationToken cancellationToken)
    {
        // A client that left the queue must not delay the others.
        if (failure.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            return;

        if (_logLimiter.TryAcquire(out var withheld))
            log.CannotAccept(failure.Message, withheld);
        await Task.Delay(Pause, clock, cancellationToken);
    }
}
