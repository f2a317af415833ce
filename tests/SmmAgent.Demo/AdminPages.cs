using System.Net;
using System.Net.Sockets;
using SmmAgent.Testbed;

namespace SmmAgent.Demo;

/// <summary>Forwards a port of this host to the pages of the dashboard, which are in the network namespace of the cluster.</summary>
internal sealed class AdminPages : IAsyncDisposable
{
    private readonly TestbedProcess _forward;

    /// <param name="testbed">The testbed with the dashboard.</param>
    /// <param name="url">The URL of the pages in the namespace of the cluster.</param>
    public AdminPages(MeshTestbed testbed, string url)
    {
        var port = FreePort();
        var inside = $"{string.Join(' ', testbed.Cluster.Inside("socat"))} STDIO TCP\\:{new Uri(url).Authority}"
            .Replace("127.0.0.1:", "127.0.0.1\\:", StringComparison.Ordinal);
        _forward = new TestbedProcess(["socat", $"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", $"EXEC:{inside}"]);
        Url = $"http://127.0.0.1:{port}/machines";
    }

    /// <summary>The page of the machines, for a browser on this host.</summary>
    public string Url { get; }

    public ValueTask DisposeAsync() => _forward.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
