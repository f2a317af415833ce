using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>openssl s_server on a free port of loopback.</summary>
internal sealed class OpenSslServer : IAsyncDisposable
{
    private readonly Process _process;

    private OpenSslServer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public static async Task<OpenSslServer> StartAsync(X509Certificate2 certificate, string folder, string[] options)
    {
        var pem = Path.Combine(folder, "server.pem");
        using var key = certificate.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(
            pem, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n", TestContext.Current.CancellationToken);
        var port = FreePort();
        var start = new ProcessStartInfo(
            "openssl",
            ["s_server", "-accept", $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", "-www", "-cert", pem, .. options])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        // It prints ACCEPT as soon as it listens.
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
            && !line.StartsWith("ACCEPT", StringComparison.Ordinal))
        {
        }

        return new(process, port);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
