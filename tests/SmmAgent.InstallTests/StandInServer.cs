using SmmAgent.Testbed;

namespace SmmAgent.InstallTests;

/// <summary>
/// A server at the dashboard's address that is not a dashboard: it answers every request with these bytes and closes the connection.
/// </summary>
public sealed class StandInServer : IAsyncDisposable
{
    public const string Url = "http://127.0.0.1:9000";

    /// <summary>The URL with TLS, with the certificate of the dashboard.</summary>
    public const string TlsUrl = "https://127.0.0.1:9443";

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

    /// <summary>A server with TLS that serves an authority, and one package at every other path.</summary>
    public static async Task<StandInServer> StartTlsAsync(InstallTestbed testbed, string authorities, string package)
    {
        var authority = testbed.PathOf("answer.pem");
        await File.WriteAllTextAsync(authority, authorities);
        var script = testbed.PathOf("answer-tls.sh");
        await File.WriteAllTextAsync(script, $"""
            read -r method path rest
            while read -r line && [ "$[#line]" -gt 1 ]; do :; done
            case $path in /get/ca.pem) file={authority} ;; *) file={package} ;; esac
            printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' "$(wc -c <"$file")"
            exec cat "$file"

            """.Replace("$[#line]", "${#line}", StringComparison.Ordinal));
        var (certificate, key) = testbed.ServerFiles;
        var server = new StandInServer(new TestbedProcess(testbed.Network.Inside(
            "socat", $"OPENSSL-LISTEN:9443,bind=127.0.0.1,reuseaddr,fork,verify=0,cert={certificate},key={key}", $"EXEC:sh {script}")));
        await Until.TrueAsync(
            () => MeshTestbed.Reaches(testbed.Network, "127.0.0.1", 9443), "the stand-in listens", lastSeen: () => server._socat.Output);
        return server;
    }

    public ValueTask DisposeAsync() => _socat.DisposeAsync();
}
