using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace MeshStandIn;

/// <summary>A meshexpansion gateway at one address, with listeners on all six ports.</summary>
public sealed class StandInGateway : IAsyncDisposable
{
    public const int Istiod = 15012;
    public const int Status = 15021;

    private static readonly int[] TlsPorts = [Istiod, 15017, 15443, 50600, 59411];

    private readonly Dictionary<int, StandInListener> _listeners = [];

    /// <param name="istiod">The behaviour of port 15012 instead of a silent TLS server.</param>
    public StandInGateway(IPAddress address, X509Certificate2 certificate, ServeConnection? istiod = null)
    {
        try
        {
            _listeners.Add(Status, new StandInListener(new IPEndPoint(address, Status), Behaviours.Health(() => IsReady)));
            foreach (var port in TlsPorts)
            {
                var serve = port == Istiod && istiod is not null ? istiod : Behaviours.Tls(certificate);
                _listeners.Add(port, new StandInListener(new IPEndPoint(address, port), serve));
            }
        }
        catch (IOException)
        {
            // No connection can have been accepted yet, so the accept loops end at once.
            DisposeAsync().AsTask().Wait();
            throw;
        }
    }

    public bool IsReady { get; set; } = true;

    public StandInListener this[int port] => _listeners[port];

    /// <summary>Closes one port.</summary>
    public async Task CloseAsync(int port)
    {
        if (_listeners.Remove(port, out var listener))
            await listener.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var port in _listeners.Keys.ToList())
            await CloseAsync(port);
    }
}
