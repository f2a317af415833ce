namespace SmmAgent.Bed;

/// <summary>Connects from the cluster to a port of the VM again and again, some ten times a second, and counts what came of it.</summary>
public sealed class ConnectionProbe : IAsyncDisposable
{
    private readonly BedProcess _process;

    private ConnectionProbe(MeshBed bed, int port) => _process = new BedProcess(bed.Cluster.Inside(
        "bash", "-c", $"while sleep 0.05; do timeout 1 bash -c 'exec 3<>/dev/tcp/{MeshBed.VmAddress}/{port}' 2>/dev/null && echo arrived || echo lost; done"));

    /// <summary>Starts when the port is open already, and waits for the first connection.</summary>
    public static async Task<ConnectionProbe> StartAsync(MeshBed bed, int port)
    {
        var probe = new ConnectionProbe(bed, port);
        await Until.TrueAsync(() => probe.Arrived > 0, $"port {port} is reached from the cluster", lastSeen: () => probe._process.Output);
        return probe;
    }

    public int Arrived => _process.Lines.Count(line => line == "arrived");

    public int Lost => _process.Lines.Count(line => line == "lost");

    /// <summary>Waits until some more have been tried.</summary>
    public Task MoreAsync()
    {
        var tried = _process.Lines.Count;
        return Until.TrueAsync(() => _process.Lines.Count >= tried + 3, "three more connections were tried");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
