using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SmmAgent.Testbed;

namespace SmmAgent.PackageTests.Image;

/// <summary>
/// The dashboard in a container of its image: uid 65532, a read-only root, no capability, and of the host only the folder /config.
/// </summary>
public sealed class ContainerTests(UnpackedImage image) : IClassFixture<UnpackedImage>, IDisposable
{
    private readonly TemporaryFolder _config = new();

    [Fact]
    public async Task ContainerStarts()
    {
        var help = await Terminal.PipedAsync(image.Contained(_config.Root, "/usr/bin/smm-dashboard", "--help"));

        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains("--kubernetes", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LibrariesFindTheirDependencies()
    {
        UnpackedImage.Require();
        var loader = Packages.HostArchitecture == "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
        var libraries = Directory.GetFiles(Path.Combine(image.Root, "usr/lib/smm-dashboard"), "*.so");
        Assert.NotEmpty(libraries);

        foreach (var library in libraries)
        {
            var needed = await Terminal.PipedAsync(
                image.Contained(_config.Root, loader, "--list", $"/usr/lib/smm-dashboard/{Path.GetFileName(library)}"));
            Assert.True(needed.ExitCode == 0 && !needed.Output.Contains("not found", StringComparison.Ordinal),
                $"{library}: {needed.Output}{needed.Error}");
        }
    }

    [Fact]
    public async Task ContainerServesVmsOffersItsAgentPackagesAndStopsOnRequest()
    {
        var port = FreePort();
        var url = $"https://127.0.0.1:{port}";
        var certificate = new DashboardCertificate(_config.Root, "127.0.0.1", TimeSpan.FromDays(-1), TimeSpan.FromDays(1));
        var mesh = new MeshFile(Path.Combine(_config.Root, "mesh.yaml"), File.ReadAllText(certificate.AuthorityFile))
        {
            PublicUrl = url,
            Gateways = [("gateway", ["192.0.2.1"])]
        };
        mesh.Write();
        // As a Secret's files are: of the group, not of all. Here the user's group owns them.
        await Tool.OutputAsync("chown", "-R", "0:65532", _config.Root);
        await Tool.OutputAsync("chmod", "-R", "u=rwX,g=rX,o=", _config.Root);

        await using var dashboard = new TestbedProcess(image.Contained(
            _config.Root, "/usr/bin/smm-dashboard", "--mesh", "/config/mesh.yaml", "--listen", url, "--packages",
            "/usr/share/smm-dashboard/packages",
            "--certificate", $"/config/{Path.GetFileName(certificate.CertificateFile)}", "--key",
            $"/config/{Path.GetFileName(certificate.KeyFile)}"));
        using var client = Client(certificate.AuthorityFile);
        var script = await UntilServedAsync(client, dashboard, $"{url}/get/smm-agent");
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"{url}/v1/namespaces/vm-integration/workloadgroups/analytics-v0/mesh-config");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mesh.Token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains(Path.GetFileName(Packages.Deb("amd64")), script, StringComparison.Ordinal);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}\n{dashboard.Output}");
        using var served = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("mesh1", served.RootElement.GetProperty("mesh").GetProperty("meshId").GetString());

        // The kernel applies no default action of signals to the first process of a container: it must handle SIGTERM itself.
        var first = (await File.ReadAllTextAsync(
            $"/proc/{dashboard.Id}/task/{dashboard.Id}/children", TestContext.Current.CancellationToken)).Trim();
        await Tool.OutputAsync("kill", "-TERM", first);
        Assert.Equal(0, await dashboard.WaitForExitAsync(Until.Patience));
    }

    public void Dispose() => _config.Dispose();

    private static async Task<string> UntilServedAsync(HttpClient client, TestbedProcess dashboard, string url)
    {
        for (var end = DateTime.UtcNow + Until.Patience; ;)
        {
            try
            {
                return await client.GetStringAsync(new Uri(url), TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException fault) when (
                fault.InnerException is SocketException && !dashboard.HasExited && DateTime.UtcNow < end)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException fault)
            {
                throw new InvalidOperationException($"{url}: {fault.Message}\n{dashboard.Output}", fault);
            }
        }
    }

    private static HttpClient Client(string authorityFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        return new HttpClient(
            new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } });
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
