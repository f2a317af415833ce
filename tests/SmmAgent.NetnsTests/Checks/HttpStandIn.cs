using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>
/// Something on a port of the cluster that answers every request with the same bytes: what else may stand where a dashboard should.
/// </summary>
internal sealed class HttpStandIn : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-http-").FullName;
    private readonly TestbedProcess _process;

    private HttpStandIn(MeshTestbed bed, int port, string answer)
    {
        File.WriteAllText(Path.Combine(_folder, "answer"), answer);
        var script = Path.Combine(_folder, "serve.sh");
        File.WriteAllText(script, $"""
            while read -r line; do [ ${"{#line}"} -le 1 ] && break; done
            cat {_folder}/answer

            """);
        Url = $"http://{MeshTestbed.DashboardAddress}:{port}";
        _process = new TestbedProcess(
            bed.Cluster.Inside("socat", $"TCP4-LISTEN:{port},bind={MeshTestbed.DashboardAddress},reuseaddr,fork", $"EXEC:sh {script}"));
    }

    public string Url { get; }

    public static async Task<HttpStandIn> StartAsync(MeshTestbed bed, int port, string answer)
    {
        var server = new HttpStandIn(bed, port, answer);
        await Until.TrueAsync(() => bed.ClusterReaches(MeshTestbed.DashboardAddress, port), "the stand-in listens",
            lastSeen: () => server._process.Output);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
