using SmmAgent.Testbed;

namespace SmmAgent.InstallTests;

/// <summary>
/// A server at the dashboard's address that is not a dashboard: it answers every request with these bytes and closes the connection.
/// </summary>
public sealed class StandInServer : IAsyncDisposable
{
    public const string Url = "http://127.0.0.1:9000";

    private readonly TestbedProcess _socat;

    private StandInServer(TestbedProcess socat) => _socat = socat;

    /// <param name="answer">A file with a whole HTTP answer, or its start.</param>
    /// <param name="then">What follows it: a file, or a device that has no end.</param>
    public static async Task<StandInServer> StartAsync(InstallTestbed testbed, string answer, string then)
    {
        var start = testbed.PathOf("answer");
        await File.WriteAllTextAsync(start, answer.ReplaceLineEndings("\r\n"));
        var script = testbed.PathOf("answer.sh");
        await File.WriteAllTextAsync(script, $"while read -r line && [ \"${{#line}}\" -gt 1 ]; do :; done\nexec cat {start} {then}\n");
        var server = new StandInServer(
            new TestbedProcess(testbed.Network.Inside("socat", "TCP-LISTEN:9000,bind=127.0.0.1,reuseaddr,fork", $"EXEC:sh {script}")));
        await Until.TrueAsync(
            () => MeshTestbed.Reaches(testbed.Network, "127.0.0.1", 9000), "the stand-in listens", lastSeen: () => server._socat.Output);
        return server;
    }

    public ValueTask DisposeAsync() => _socat.DisposeAsync();
}
