using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Tests.Host.Configuration;

public sealed class JoinTests : IDisposable
{
    private const string Token = "a-token-of-the-group";

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly AgentPaths _paths;
    private readonly string _tokenFile;

    public JoinTests()
    {
        _paths = new AgentPaths(_folder.Path("root"));
        _tokenFile = _folder.Write("token", Token + "\n");
    }

    public void Dispose()
    {
        _output.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task FreshVmIsConfigured()
    {
        Assert.Equal(0, await RunAsync(Options() with { NodeIp = "auto", Proxy = "http://user:secret@proxy:3128" }));

        Assert.Equal(
            """
            dashboard:
              url: https://smm.example.com
              proxy: "http://user:secret@proxy:3128"
            workloadGroup:
              namespace: vm-integration
              name: analytics-v0
            node:
              ip: auto

            """, File.ReadAllText(_paths.Settings)
            .Replace("proxy: http://user:secret@proxy:3128", "proxy: \"http://user:secret@proxy:3128\"",
                StringComparison.Ordinal));
        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.DoesNotContain("secret", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Token, _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondRunChangesNothing()
    {
        await RunAsync(Options());
        _output.GetStringBuilder().Clear();

        Assert.Equal(0, await RunAsync(Options()));

        Assert.Contains("✓ configuration is unchanged", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("✓ bearer token is unchanged", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherSettingsAndCommentsAreKept()
    {
        _folder.Write("root/etc/smm/agent.yaml", "# mine\nfirewall: {mode: check} # keep\nuuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a\n");

        Assert.Equal(0, await RunAsync(Options()));

        var text = File.ReadAllText(_paths.Settings);
        Assert.StartsWith("# mine\nfirewall: {mode: check} # keep\nuuid: 0327b100", text, StringComparison.Ordinal);
        Assert.Equal("analytics-v0", SettingsReader.Read(text).Settings!.Name);
    }

    [Theory]
    [InlineData("dashboard: {url: \"https://other.example.com\"}",
        "dashboard.url from https://other.example.com to https://smm.example.com")]
    [InlineData("workloadGroup: {namespace: a, name: b}", "workloadGroup from a/b to vm-integration/analytics-v0")]
    public async Task AnotherConfigurationIsReplacedOnlyOnRequest(string present, string change)
    {
        _folder.Write("root/etc/smm/agent.yaml", present + "\n");

        Assert.Equal(2, await RunAsync(Options()));

        Assert.Equal(
            $"✗ this VM is configured already, and join would change {change}; if that is intended, detach the VM first, and add "
                + "--replace; nothing was changed; see: smm-agent join --help\n", _output.ToString());
        Assert.Equal(present + "\n", File.ReadAllText(_paths.Settings));
        Assert.False(File.Exists(_paths.BearerToken));

        Assert.Equal(0, await RunAsync(Options() with { Replace = true }));
        Assert.Contains($"! --replace: join would change {change}", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dashboard:\n  url: http://other:8080\n"
        + "  caFile: /etc/smm/old.pem\n  # mine\n  allowPlaintext: true\n  proxy: http://old:1\n")]
    [InlineData("dashboard: {caFile: /etc/smm/old.pem, url: \"http://other:8080\", proxy: \"http://old:1\", allowPlaintext: true}\n")]
    public async Task SettingsOfTheFormerDashboardAreRemoved(string present)
    {
        _folder.Write("root/etc/smm/agent.yaml", present + "node: {ip: auto} # keep\n");

        Assert.Equal(0, await RunAsync(Options() with { Replace = true }));

        var text = File.ReadAllText(_paths.Settings);
        var settings = SettingsReader.Read(text).Settings!;
        Assert.Equal((null, false, "none"), (settings.CaFile, settings.AllowPlaintext, settings.Proxy.ToString()));
        Assert.Contains("node: {ip: auto} # keep\n", text, StringComparison.Ordinal);
        Assert.Equal(present.Contains("# mine", StringComparison.Ordinal), text.Contains("  # mine\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TokenOfTheFormerDashboardIsRemovedFirst()
    {
        const string Present = "dashboard: {url: \"https://other.example.com\"}\n";
        _folder.Write("root/etc/smm/agent.yaml", Present);
        // The token cannot be removed, because its path is a folder.
        Directory.CreateDirectory(_paths.BearerToken);

        Assert.NotEqual(0, await RunAsync(Options() with { Replace = true }));

        Assert.Equal(Present, File.ReadAllText(_paths.Settings));
    }

    [Fact]
    public async Task TokenOfTheFormerDashboardStaysIfTheSettingsCannotBeChanged()
    {
        _folder.Write("root/etc/smm/agent.yaml", "dashboard: {url: \"https://other.example.com\"}\nnode: [1]\n");
        _folder.Write("root/etc/smm/bearer-token", "the-former-token\n");

        Assert.NotEqual(0, await RunAsync(Options() with { Replace = true, NodeIp = "auto" }));

        Assert.Equal("the-former-token\n", File.ReadAllText(_paths.BearerToken));
    }

    [Fact]
    public async Task PasswordOfTheProxyClosesAgentYaml()
    {
        var file = _folder.Write("root/etc/smm/agent.yaml", "# mine\n");
        File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        Assert.Equal(0, await RunAsync(Options() with { Proxy = "http://proxy:3128" }));
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(file));

        Assert.Equal(0, await RunAsync(Options() with { ProxyFile = _folder.Write("proxy", "http://user:secret@proxy:3128\n") }));

        Assert.Equal((UnixFileMode)0b110_100_000, File.GetUnixFileMode(file));
        Assert.Contains("is now closed, because it has the password of the proxy", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("http://user:secret@proxy:3128", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProxyFileThatCannotBeUsedChangesNothing()
    {
        Assert.Equal(2, await RunAsync(Options() with { ProxyFile = "/nowhere" }));
        Assert.Equal(2, await RunAsync(Options() with { ProxyFile = _folder.Write("proxy", "ftp://proxy:1\n") }));
        Assert.Equal(2, await RunAsync(Options() with { Proxy = "none", ProxyFile = _folder.Write("proxy", "none\n") }));

        Assert.False(Directory.Exists(_paths.ConfigDirectory));
    }

    [Theory]
    [InlineData("smm.example.com", "vm-integration/analytics-v0", null, "is not an absolute http or https URL")]
    [InlineData("https://smm.example.com/path", "vm-integration/analytics-v0", null, "has more than a scheme, a host and a port")]
    [InlineData("http://smm.example.com", "vm-integration/analytics-v0", null, "would send the bearer token in clear text")]
    [InlineData("https://smm.example.com", "analytics-v0", null, "is not NAMESPACE/NAME")]
    [InlineData("https://smm.example.com", "a/b/c", null, "is not NAMESPACE/NAME")]
    [InlineData("https://smm.example.com", "A/b", null, "--workload-group: the namespace")]
    [InlineData("https://smm.example.com", "a/B", null, "--workload-group: the name")]
    [InlineData("https://smm.example.com", "a/b", "127.0.0.1", "--node-ip: ")]
    public async Task InvalidArgumentChangesNothing(string url, string group, string? ip, string error)
    {
        Assert.Equal(2, await RunAsync(new(url) { WorkloadGroup = group, TokenFile = _tokenFile, NodeIp = ip }));

        Assert.Contains(error, _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("nothing was changed", _output.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_paths.ConfigDirectory));
    }

    [Fact]
    public async Task TokenThatCannotBeUsedChangesNothing()
    {
        Assert.Equal(2, await RunAsync(Options() with { TokenFile = _folder.Write("short", "abc") }));
        Assert.Equal(2, await RunAsync(Options() with { TokenFile = "/nowhere" }));

        Assert.False(Directory.Exists(_paths.ConfigDirectory));
    }

    [Fact]
    public async Task PinnedAuthorityIsFetchedVerifiedAndKept()
    {
        using var root = Sample.NewCertificate("dashboard root");
        using var other = Sample.NewCertificate("other root");
        await using var server = Server(root, other.ExportCertificatePem() + "\n" + root.ExportCertificatePem());

        Assert.Equal(0, await RunAsync(Options(server.Url) with { CaSha256 = Colons(root) }));

        Assert.Equal(root.ExportCertificatePem() + "\n", File.ReadAllText(_paths.DashboardAuthority));
        Assert.Equal(_paths.DashboardAuthority, SettingsReader.Read(File.ReadAllText(_paths.Settings)).Settings!.CaFile);
        for (var at = 0; at < 2; at++)
            Assert.Null((await server.NextAsync()).Header("Authorization"));
    }

    [Theory]
    [InlineData("server", "none of the certificates at https://localhost:")]
    [InlineData("other", "its certificate does not come from an authority in the pinned certificate")]
    [InlineData("garbage", "none of the certificates at https://localhost:")]
    [InlineData("404", "answered 404: the dashboard is older, or needs --ca-certificate; use --ca-file FILE instead")]
    public async Task AuthorityThatDoesNotFitThePinChangesNothing(string kind, string error)
    {
        using var root = Sample.NewCertificate("dashboard root");
        using var other = Sample.NewCertificate("other root");
        await using var server = Server(root, kind == "garbage" ? "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"
            : root.ExportCertificatePem() + "\n" + (kind == "other" ? other.ExportCertificatePem() : ""));
        if (kind == "404")
            server.Answers = _ => RawServer.Answer("404 Not Found", "");

        Assert.Equal(1, await RunAsync(Options(server.Url) with { CaSha256 = Colons(kind == "404" ? root : other) }));

        Assert.Contains(error, _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("nothing was changed", _output.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_paths.ConfigDirectory));
    }

    [Fact]
    public async Task CaFileIsCopiedWhereTheDaemonMayReadIt()
    {
        using var root = Sample.NewCertificate("dashboard root");
        var file = _folder.Write("ca.pem", root.ExportCertificatePem());

        Assert.Equal(0, await RunAsync(Options() with { CaFile = file }));

        Assert.Equal(root.ExportCertificatePem(), File.ReadAllText(_paths.DashboardAuthority));
        Assert.Equal(
            2,
            await RunAsync(
                Options() with { CaFile = _folder.Write("key.pem", "-----BEGIN PRIVATE KEY-----\n" + root.ExportCertificatePem()) }));
    }

    [Fact]
    public async Task FilesThatCannotBeReadAreNamedWithTheReasonAndNothingIsChanged()
    {
        foreach (var (options, message) in ((JoinOptions, string)[])[
            (Options() with { TokenFile = "/none" }, "/none: does not exist"),
            (Options() with { TokenFile = "/etc" }, "/etc: is a directory"),
            (Options() with { CaFile = "/none" }, "--ca-file: /none does not exist"),
            (Options() with { CaFile = "/etc" }, "--ca-file: /etc is a directory"),
            (Options() with { ProxyFile = "/none" }, "--proxy-file: /none does not exist"),
            (Options() with { ProxyFile = "/etc" }, "--proxy-file: /etc is a directory")])
        {
            _output.GetStringBuilder().Clear();
            Assert.Equal(2, await RunAsync(options));
            Assert.Equal($"✗ {message}; nothing was changed; see: smm-agent join --help\n", _output.ToString());
        }

        Assert.False(Path.Exists(_paths.Settings));
    }

    private static RawServer Server(X509Certificate2 root, string authorities) => new(Sample.NewCertificate("server", root))
    {
        Answers = request => RawServer.Answer(
            "200 OK", request.Line.Contains("/get/ca.pem", StringComparison.Ordinal) ? authorities : "ok"),
    };

    private static string Colons(X509Certificate2 certificate) =>
        string.Join(':', SHA256.HashData(certificate.RawData).Select(one => $"{one:X2}"));

    private JoinOptions Options(Uri? url = null) => new((url ?? new("https://smm.example.com")).GetLeftPart(UriPartial.Authority))
    {
        WorkloadGroup = "vm-integration/analytics-v0",
        TokenFile = _tokenFile,
    };

    private Task<int> RunAsync(JoinOptions options) => new Join(
        _paths, new Progress(_output, colour: false), TimeProvider.System, isPrivileged: true).RunAsync(options,
            TestContext.Current.CancellationToken);
}
