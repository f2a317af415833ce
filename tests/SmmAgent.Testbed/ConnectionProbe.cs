using System.Globalization;

namespace SmmAgent.Testbed;

/// <summary>Connects from the cluster to a port of the VM about ten times a second.</summary>
public sealed class ConnectionProbe : IAsyncDisposable
{
    private readonly MeshTestbed _testbed;
    private readonly TestbedProcess _process;
    private readonly long _before;

    private ConnectionProbe(MeshTestbed testbed, int port)
    {
        _testbed = testbed;
        _before = SentAgain();
        _process = new TestbedProcess(testbed.Cluster.Inside(
            "bash", "-c",
            $"while sleep 0.05; do timeout 20 bash -c 'exec 3<>/dev/tcp/{MeshTestbed.VmAddress}/{port}' 2>/dev/null && echo arrived || "
            + $"echo lost; done"));
    }

    /// <summary>Starts when the port is open already, and waits for the first connection.</summary>
    public static async Task<ConnectionProbe> StartAsync(MeshTestbed testbed, int port)
    {
        var probe = new ConnectionProbe(testbed, port);
        await Until.TrueAsync(() => probe._process.Lines.Contains("arrived"), $"port {port} is reached from the cluster", lastSeen: () =>
            probe._process.Output);
        return probe;
    }

    /// <summary>
    /// Connections that failed or met a port that was briefly closed: the kernel then sends the first packet again after a second.
    /// </summary>
    public long Lost => _process.Lines.Count(line => line == "lost") + SentAgain() - _before;

    /// <summary>Waits for three more attempts.</summary>
    public Task MoreAsync()
    {
        var tried = _process.Lines.Count;
        return Until.TrueAsync(() => _process.Lines.Count >= tried + 3, "three more connections were tried");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private long SentAgain() => long.Parse(
        _testbed.Cluster.Run("nstat", "-asz", "TcpExtTCPSynRetrans").Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
