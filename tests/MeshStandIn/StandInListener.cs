using System.Net;
using System.Net.Sockets;

namespace MeshStandIn;

/// <summary>Serves one connection until its token or its peer ends.</summary>
public delegate Task ServeConnection(Socket connection, CancellationToken cancel);

/// <summary>A real TCP listener; every connection is served by the same behaviour.</summary>
public sealed class StandInListener : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Socket _socket;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="endpoint">The address; port 0 selects a free port.</param>
    public StandInListener(IPEndPoint endpoint, ServeConnection serve)
    {
        _socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
            _socket.DualMode = true;
        _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            _socket.Bind(endpoint);
            _socket.Listen(128);
        }
        catch (SocketException exception)
        {
            _socket.Dispose();
            throw new IOException($"cannot listen on {endpoint}: {exception.Message}", exception);
        }

        _accepting = AcceptAsync(serve);
    }

    public IPEndPoint Endpoint => (IPEndPoint)_socket.LocalEndPoint!;

    public int Port => Endpoint.Port;

    /// <summary>The number of accepted connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        // A process that is started at this moment holds a copy of the descriptor until its exec: shutdown also ends that copy.
        _socket.Shutdown(SocketShutdown.Both);
        _socket.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync(ServeConnection serve)
    {
        var served = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var connection = await _socket.AcceptAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                served.RemoveAll(task => task.IsCompleted);
                served.Add(ServeAsync(serve, connection));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException)
            {
                // The peer disconnected before it was accepted.
            }
        }

        await Task.WhenAll(served);
    }

    private async Task ServeAsync(ServeConnection serve, Socket connection)
    {
        using (connection)
        {
            try
            {
                await serve(connection, _end.Token);
            }
            catch (Exception exception) when (exception
                is IOException or SocketException or OperationCanceledException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException)
            {
                // A peer that disconnects is normal for a server.
            }
        }
    }
}
