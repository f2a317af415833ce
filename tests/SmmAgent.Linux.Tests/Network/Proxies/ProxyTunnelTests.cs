using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Tests.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Proxies;

/// <summary>The calls, the probe and the downloads of the dashboard through a real proxy.</summary>
public sealed class ProxyTunnelTests : IDisposable
{
    private const string Credentials = "Basic dXNlcjpzZWNyZXQ=";

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _root = Sample.NewCertificate("dashboard root");
    private readonly string _caFile;
    private readonly string _token;

    public ProxyTunnelTests()
    {
        (_caFile, _token) = (_folder.Path("ca.pem"), _folder.Path("bearer-token"));
        AtomicFile.Write(_caFile, _root.ExportCertificatePem(), AtomicFile.Public);
        AtomicFile.Write(_token, "bearer-secret", AtomicFile.Private);
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task ProxyOfTheSettingsGetsATunnelAndNoToken()
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy();

        var result = await AskAsync(server.Url, proxy.Url);

        Assert.IsType<MeshConfigAnswer.Changed>(result.Value);
        Assert.Equal([$"CONNECT localhost:{server.Port} HTTP/1.1"], proxy.Lines);
        Assert.DoesNotContain("Authorization", proxy.Heads[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secret", proxy.Heads[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainHttpUsesATunnelToo()
    {
        await using var server = new RawServer { Answers = _ => Sample.Ok(Sample.ConfigText()) };
        await using var proxy = new ConnectProxy();

        Assert.IsType<MeshConfigAnswer.Changed>((await AskAsync(server.Url, proxy.Url)).Value);
        Assert.Equal([$"CONNECT 127.0.0.1:{server.Port} HTTP/1.1"], proxy.Lines);
    }

    [Fact]
    public async Task NoProxyIsUsedByDefault()
    {
        await using var server = Server();

        Assert.IsType<MeshConfigAnswer.Changed>((await AskAsync(server.Url, "none")).Value);
    }

    [Fact]
    public async Task UserAndPasswordAreSentToTheProxyOnly()
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy { Required = Credentials };

        var result = await AskAsync(server.Url, $"http://user:secret@127.0.0.1:{proxy.Port}");

        Assert.IsType<MeshConfigAnswer.Changed>(result.Value);
        Assert.Null((await server.NextAsync()).Header("Proxy-Authorization"));
    }

    [Theory]
    [InlineData(null, "http://127.0.0.1:PORT",
        "requires a user and a password: set dashboard.proxy to http://USER:PASSWORD@127.0.0.1:PORT")]
    [InlineData(null, "http://user:wrong@127.0.0.1:PORT", "refuses the user and the password of dashboard.proxy")]
    [InlineData("HTTP/1.1 403 Forbidden", "http://user:wrong@127.0.0.1:PORT", "with 403: have it allow this host and port")]
    [InlineData("HTTP/1.1 502 Bad Gateway", "http://127.0.0.1:PORT", "answered 502 to CONNECT localhost:")]
    [InlineData("hello", "http://127.0.0.1:PORT", "does not answer CONNECT with HTTP")]
    public async Task RefusalOfTheProxyIsDescribedWithoutThePassword(string? refusal, string url, string detail)
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy { Required = Credentials, Refusal = refusal };
        var port = $"{proxy.Port}";

        var failure = (await AskAsync(server.Url, url.Replace("PORT", port, StringComparison.Ordinal))).Failure;

        var unreachable = Assert.IsType<DashboardFailure.Unreachable>(failure);
        Assert.Equal(UnreachableReason.Proxy, unreachable.Reason);
        Assert.StartsWith($"the proxy 127.0.0.1:{port} ", unreachable.Detail, StringComparison.Ordinal);
        Assert.Contains(detail.Replace("PORT", port, StringComparison.Ordinal), unreachable.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", unreachable.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task ProxyThatIsNotThereIsNamed()
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy();
        var url = proxy.Url;
        await proxy.DisposeAsync();

        var failure = Assert.IsType<DashboardFailure.Unreachable>((await AskAsync(server.Url, url)).Failure);

        Assert.Equal($"the proxy {url["http://".Length..]} refused the connection; check dashboard.proxy", failure.Detail);
    }

    [Fact]
    public async Task CertificateIsThatOfTheDashboardBehindTheProxy()
    {
        using var other = Sample.NewCertificate("other root");
        await using var server = new RawServer(Sample.NewCertificate("server", other)) { Answers = _ => Sample.Ok(Sample.ConfigText()) };
        await using var proxy = new ConnectProxy();

        var failure = Assert.IsType<DashboardFailure.Unreachable>((await AskAsync(server.Url, proxy.Url)).Failure);

        Assert.Equal(UnreachableReason.WrongCertificate, failure.Reason);
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task ProbeUsesTheProxy()
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy();

        var result = await ProbeAsync(server.Url, proxy.Url);

        Assert.Equal(Outcome.Ok, result.Outcome);
        Assert.Equal((ReachabilityConditions.ThroughProxy, proxy.Port), (result.Target.Name, result.Target.Port));
        Assert.Equal("GET /healthz HTTP/1.1", (await server.NextAsync()).Line);
    }

    [Fact]
    public async Task ProbeReportsTheRefusalOfTheProxy()
    {
        await using var server = Server();
        await using var proxy = new ConnectProxy { Refusal = "HTTP/1.1 403 Forbidden" };

        var result = await ProbeAsync(server.Url, proxy.Url);

        Assert.Equal(Outcome.NotReady, result.Outcome);
        Assert.Equal($"refuses CONNECT localhost:{server.Port} with 403: have it allow this host and port", result.Detail);
    }

    [Fact]
    public async Task PackageListComesThroughTheProxy()
    {
        await using var server = new RawServer(Sample.NewCertificate("server", _root)) { Answers = _ => RawServer.Answer("200 OK", "[]") };
        await using var proxy = new ConnectProxy();
        using var source = new PackageSource(server.Url, _caFile, "1.2.3", proxy: ProxySetting.Parse(proxy.Url).Value);

        var (file, failure) = await source.GetListAsync(TestContext.Current.CancellationToken);

        Assert.Null(failure);
        Assert.Equal("[]"u8.ToArray(), file);
        Assert.Single(proxy.Lines);
    }

    private RawServer Server() => new(Sample.NewCertificate("server", _root)) { Answers = _ => Sample.Ok(Sample.ConfigText()) };

    private async Task<ProbeResult> ProbeAsync(Uri url, string proxy)
    {
        var observation = await Probing.Observer().ObserveAsync(
            null, new(url, _caFile, ProxySetting.Parse(proxy).Value!), TestContext.Current.CancellationToken);
        return Assert.Single(observation.Dashboard).Current;
    }

    private async Task<DashboardResult<MeshConfigAnswer>> AskAsync(Uri url, string proxy)
    {
        using var client = new DashboardClient(
            new(url, Sample.Namespace, Sample.Name), _caFile, new BearerTokenFile(_token), "1.2.3", TimeProvider.System,
            ProxySetting.Parse(proxy).Value);
        return await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
    }
}
