using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using SmmDashboard.Lifetime;
using SmmDashboard.Tls;

namespace SmmDashboard.Files.Registration;

/// <summary>The stand-in for istiod's port 15012 behind the gateways: TLS, and one WorkloadEntry for each connected sidecar.</summary>
public sealed class RegistrationListener(
    RegistrationListener.Settings settings, RegistrationDesk desk, WorkloadEntries entries, TimeProvider clock, ProcessFault fault,
    ILogger<RegistrationListener> log) : BackgroundService
{
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener = new(settings.Address);
    private readonly ConcurrentDictionary<Task, bool> _connections = [];

    // Who has not registered yet takes from a small number, so that idle strangers cannot keep sidecars out.
    private readonly SemaphoreSlim _newcomers = new(settings.MaximumNewcomers);

    public sealed record Settings(IPEndPoint Address, PemCertificate Certificate)
    {
        /// <summary>Who issues certificates to sidecars; null when they register with tokens only.</summary>
        public SidecarAuthority? Authority { get; init; }

        public int MaximumConnections { get; init; } = 10_000;

        public int MaximumNewcomers { get; init; } = 256;
    }

    /// <summary>Where it listens; the port is the real one once it was started.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start(backlog: 512);
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
            // Stopping: what is open ends below.
        }
        catch (Exception exception)
        {
            fault.Report(nameof(RegistrationListener), exception);
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
                if (_connections.Count >= settings.MaximumConnections || !_newcomers.Wait(0, CancellationToken.None))
                {
                    socket.Dispose();
                    continue;
                }

                var connection = ServeAsync(socket, stoppingToken);
                _connections.TryAdd(connection, true);
                _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (SocketException)
            {
                // Too many open files, or a client that left the queue: neither ends the listener.
                await Task.Delay(TimeSpan.FromMilliseconds(50), clock, stoppingToken);
            }
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stoppingToken)
    {
        await Task.Yield();
        SslStream? stream = null;
        try
        {
            RegistrationConnection connection;
            WorkloadEntry? entry;
            try
            {
                KeepAlive(socket);
                stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
                connection = new RegistrationConnection(stream, desk, entries, clock);
                entry = await WelcomeAsync(stream, connection, stoppingToken);
            }
            finally
            {
                _newcomers.Release();
            }

            if (entry is not null)
                await connection.FollowAsync(entry, stoppingToken);
        }
        catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException
            or OperationCanceledException or InvalidDataException or SocketException)
        {
            // A client that leaves, lies or stays silent is no event of ours.
        }
        catch (Exception exception)
        {
            log.Failed(exception);
        }
        finally
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
        }
    }

    private async Task<WorkloadEntry?> WelcomeAsync(SslStream stream, RegistrationConnection connection, CancellationToken stoppingToken)
    {
        using var handshake = new Deadline(HandshakeTime, clock, stoppingToken);
        await stream.AuthenticateAsServerAsync(Tls(), handshake.Token);
        using var request = new Deadline(RequestTime, clock, stoppingToken);
        return await connection.RegisterAsync(request.Token);
    }

    /// <summary>A client's certificate is asked for where there is an authority; one that is not of that authority ends the handshake.</summary>
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

    /// <summary>A VM that lost its power sends no FIN.</summary>
    private static void KeepAlive(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
