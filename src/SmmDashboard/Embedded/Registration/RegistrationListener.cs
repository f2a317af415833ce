using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmDashboard.Hosting;
using SmmDashboard.Http.Connections;
using SmmDashboard.Tls;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The stand-in for port 15012 of istiod behind the gateways: TLS, and one WorkloadEntry per connected sidecar.</summary>
public sealed class RegistrationListener(
    RegistrationListener.Settings settings,
    RegistrationService service,
    RegisteredEntries entries,
    TimeProvider clock,
    BackgroundFailure failure,
    ILogger<RegistrationListener> log) : BackgroundService
{
    private static readonly TimeSpan FirstByteTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener = new(settings.Address);
    private readonly ConcurrentDictionary<Task, bool> _connections = [];

    // A sidecar sends its first byte at once and is registered within milliseconds. Silent connections cost little, so many of them are
    // allowed, and they do not count against the limit of speaking ones.
    private readonly PendingConnections _silent = new(
        settings.MaximumSilent, ConnectionBudget.DefaultPerClient(settings.MaximumSilent), clock, log);

    private readonly PendingConnections _speaking = new(
        settings.MaximumSpeaking, ConnectionBudget.DefaultPerClient(settings.MaximumSpeaking), clock, log);

    private readonly RegistrationSlots _slots = new(
        settings.MaximumRegistered, ConnectionBudget.DefaultPerClient(settings.MaximumRegistered), clock, log);

    private readonly AcceptPause _pause = new(clock, log);

    public sealed record Settings(IPEndPoint Address, PemCertificate Certificate)
    {
        /// <summary>The authority that issues certificates to sidecars; null when they register with tokens only.</summary>
        public SidecarAuthority? Authority { get; init; }

        /// <summary>The limit of all connections. A sixth is reserved for those that have not registered yet.</summary>
        public int MaximumConnections { get; init; } =
            ConnectionBudget.RegistrationConnections(ConnectionBudget.DefaultRegisteredSidecars);

        public int MaximumRegistered => MaximumConnections - MaximumSilent - MaximumSpeaking;

        public int MaximumSilent => Math.Max(4, MaximumConnections / 6 - MaximumSpeaking);

        public int MaximumSpeaking => Math.Clamp(MaximumConnections / 24, 4, 256);
    }

    /// <summary>The address of the listener, with the actual port after the start.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _listener.Start(backlog: 512);
        }
        catch (SocketException exception)
        {
            throw new ListenException(settings.Address, exception);
        }

        log.Listening(Address.ToString());
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await AcceptAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; open connections end below.
        }
        catch (Exception exception)
        {
            failure.Report(nameof(RegistrationListener), exception);
        }
        finally
        {
            _listener.Stop();
            await Task.WhenAll(_connections.Keys);
        }
    }

    private async Task AcceptAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(stoppingToken);
                var client = (socket.RemoteEndPoint as IPEndPoint)?.Address;
                var connection = ServeAsync(socket, client, _silent.Enter(client, socket, stoppingToken), stoppingToken);
                _connections.TryAdd(connection, true);
                _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (SocketException exception)
            {
                await _pause.AfterAsync(exception, stoppingToken);
            }
        }
    }

    private async Task ServeAsync(Socket socket, IPAddress? client, PendingConnection silent, CancellationToken stoppingToken)
    {
        await Task.Yield();
        SslStream? stream = null;
        RegistrationSlots.Slot? slot = null;
        try
        {
            RegistrationConnection connection;
            RegisteredEntry? entry;
            try
            {
                KeepAlive(socket);
                stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
                connection = new RegistrationConnection(
                    stream, service, entries, group => slot = _slots.Enter(group, client, stoppingToken), clock);
                await FirstByteAsync(socket, silent);
                entry = await HandshakeAsync(stream, connection, client, stoppingToken);
            }
            finally
            {
                _silent.Leave(silent);
            }

            if (entry is not null)
                await connection.FollowAsync(entry, slot!.Token);
        }
        catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException
            or OperationCanceledException or InvalidDataException or SocketException)
        {
            // A client that disconnects, violates the protocol or stays silent is not logged.
        }
        catch (Exception exception)
        {
            log.Failed(exception);
        }
        finally
        {
            if (slot is not null)
            {
                _slots.Leave(slot);
                slot.Dispose();
            }

            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
        }
    }

    private async Task FirstByteAsync(Socket socket, PendingConnection silent)
    {
        using var firstByte = new Deadline(FirstByteTime, clock, silent.Token);
        await socket.ReceiveAsync(Memory<byte>.Empty, firstByte.Token);
        _silent.Leave(silent);
    }

    private async Task<RegisteredEntry?> HandshakeAsync(
        SslStream stream, RegistrationConnection connection, IPAddress? client, CancellationToken stoppingToken)
    {
        var speaking = _speaking.Enter(client, socket: null, stoppingToken);
        try
        {
            using var handshake = new Deadline(HandshakeTime, clock, speaking.Token);
            await stream.AuthenticateAsServerAsync(Tls(), handshake.Token);
            using var request = new Deadline(RequestTime, clock, speaking.Token);
            return await connection.RegisterAsync(request.Token);
        }
        finally
        {
            _speaking.Leave(speaking);
        }
    }

    /// <summary>
    /// Requests a client certificate if there is an authority. A certificate of another authority ends the handshake.
    /// </summary>
    private SslServerAuthenticationOptions Tls() => settings.Authority is not { } authority
        ? settings.Certificate.Current
        : new SslServerAuthenticationOptions
        {
            ServerCertificateContext = settings.Certificate.Current.ServerCertificateContext,
            ClientCertificateRequired = true,
            CertificateChainPolicy = authority.Policy(),
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => certificate is null || errors == SslPolicyErrors.None,
            AllowTlsResume = false,
        };

    /// <summary>Enables keep-alive probes, because a VM that loses its power does not send a FIN.</summary>
    private static void KeepAlive(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
