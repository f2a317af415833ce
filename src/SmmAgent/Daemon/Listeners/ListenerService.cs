using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Daemon.Listeners;

/// <summary>One port to serve.</summary>
public sealed record EndpointPort(string Name, int Port, HttpEndpoint Endpoint)
{
    public ConnectionSlots Places { get; init; } = new();
}

/// <summary>Serves the ports of the agent with one Kestrel and without the layers of ASP.NET above it, which keeps it small.</summary>
public sealed class ListenerService : IHostedService, IDisposable
{
    // A connection that sends nothing is not a scrape.
    private static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<EndpointPort> _ports;
    private readonly ObservableValue<ListenersState> _state;
    private readonly ILogger _logger;
    private readonly KestrelServer _server;
    private readonly Lock _lock = new();
    private ImmutableDictionary<EndpointPort, ListenerState> _told = ImmutableDictionary<EndpointPort, ListenerState>.Empty;

    public ListenerService(
        IReadOnlyList<EndpointPort> ports, ObservableValue<ListenersState> state, TimeProvider time, ILoggerFactory loggers)
    {
        (_ports, _state, _logger) = (ports, state, loggers.CreateLogger<ListenerService>());
        var options = KestrelOptions();
        foreach (var port in ports)
            options.Listen(new SiteEndPoint(port), listen => Configure(listen, port));

        var sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions { IOQueueCount = 1 }), loggers);
        _server = new KestrelServer(Options.Create(options), new RetryingListenerFactory(sockets, OnBindResult, time, _logger), loggers);
    }

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(new Application(_logger), cancellationToken);

    // Open connections are not awaited: a client repeats an interrupted scrape.
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(new CancellationToken(canceled: true));

    public void Dispose() => _server.Dispose();

    private static KestrelServerOptions KestrelOptions() => new()
    {
        AddServerHeader = false,
        Limits =
        {
            KeepAliveTimeout = TimeSpan.FromSeconds(75), // longer than a usual scrape interval
            RequestHeadersTimeout = TimeSpan.FromSeconds(5),
            MaxRequestLineSize = 1024,
            MaxRequestHeadersTotalSize = 8 * 1024,
            MaxRequestHeaderCount = 32,
            MaxRequestBufferSize = 16 * 1024,
            MaxRequestBodySize = 0,
        },
    };

    private static void Configure(ListenOptions listen, EndpointPort port)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection => ServeConnectionAsync(connection, port, next));
    }

    private static async Task ServeConnectionAsync(ConnectionContext connection, EndpointPort port, ConnectionDelegate next)
    {
        var remote = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        // A program on this host that connects to an address of the host has that address as its source.
        var isLocal = remote.Equals((connection.LocalEndPoint as IPEndPoint)?.Address);
        using var place = port.Places.Enter(isLocal ? IPAddress.Loopback : remote, connection.Abort);
        if (place is null || !await HasFirstByteAsync(connection))
        {
            connection.Abort();
            return;
        }

        connection.Features.Set(port);
        connection.Features.Set(place);
        await next(connection);
    }

    private static async Task<bool> HasFirstByteAsync(ConnectionContext connection)
    {
        using var patience = new CancellationTokenSource(FirstByte);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(patience.Token);
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return false; // silent, or closed
        }
    }

    private void OnBindResult(EndPoint wanted, EndPoint? bound, string? fault)
    {
        var port = ((SiteEndPoint)wanted).Site;
        lock (_lock)
        {
            var hadFault = _told.TryGetValue(port, out var before) && before.Error is not null;
            var now = new ListenerState((bound as IPEndPoint)?.Port ?? port.Port, port.Name, fault);
            _told = _told.SetItem(port, now);
            if (hadFault && fault is null)
                ListenerLog.PortFree(_logger, now.Port, port.Name);
            if (now != before)
                _state.Publish(new ListenersState(_ports.Where(_told.ContainsKey).Select(each => _told[each]).ToArray()));
        }
    }

    /// <summary>All addresses of the host, in both families, with the endpoint that is served there.</summary>
    private sealed class SiteEndPoint(EndpointPort site) : IPEndPoint(IPAddress.IPv6Any, site.Port)
    {
        public EndpointPort Site => site;
    }

    private sealed class Application(ILogger logger) : IHttpApplication<IFeatureCollection>
    {
        public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public async Task ProcessRequestAsync(IFeatureCollection context)
        {
            var port = context.GetRequiredFeature<EndpointPort>();
            var place = context.GetRequiredFeature<ConnectionSlots.Slot>();
            var exchange = new HttpExchange(context);
            place.Begin();
            try
            {
                await (exchange switch
                {
                    { IsRead: false } => exchange.MethodNotAllowedAsync(),
                    { HasBody: true } => exchange.BodyRefusedAsync(),
                    _ => port.Endpoint(exchange),
                });
            }
            catch (Exception exception) when (!exchange.Gone.IsCancellationRequested)
            {
                ListenerLog.RequestFailed(logger, port.Port, $"{exception.GetType().Name}: {exception.Message}");
                exchange.Abort();
            }
            catch (Exception) when (exchange.Gone.IsCancellationRequested)
            {
                // The client is gone.
            }
            finally
            {
                place.End();
            }
        }

        public void DisposeContext(IFeatureCollection context, Exception? exception)
        {
        }
    }
}
