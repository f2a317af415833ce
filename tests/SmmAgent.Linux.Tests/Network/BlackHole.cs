using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Linux.Tests.Network;

/// <summary>A listener whose queue is full and that never accepts: the kernel drops every further SYN.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public BlackHole(IPEndPoint endpoint)
    {
        var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(listener);
        listener.Bind(endpoint);
        listener.Listen(0);
        Endpoint = (IPEndPoint)listener.LocalEndPoint!;

        // Connecting until one is left hanging: from there on the queue is full.
        while (true)
        {
            var filler = new Socket(SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(filler);
            if (!filler.ConnectAsync(Endpoint).Wait(TimeSpan.FromMilliseconds(500)))
                return;
        }
    }

    public IPEndPoint Endpoint { get; }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }
}
