using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;
using SmmDashboard.Tls;

namespace SmmDashboard.Tests.Startup;

public sealed class CommandLineTests
{
    [Fact]
    public void AllOptionsAreRead()
    {
        var options = Parse(
            "--mesh m.yaml --listen http://127.0.0.1:80 --listen https://[::1]:443 --certificate c --key k --packages /tmp --data d "
            + "--registration 0.0.0.0:15012 --registration-certificate rc --registration-key rk --registration-ca-certificate ac "
            + "--registration-ca-key ak --client-rate 7 --total-rate 9 "
            + "--connections 11 --client-connections 5 --idle-timeout 60 --new-agent-rate 3 "
            + "--agents-per-group 13 --rate-buckets 17 --dial-back-rate 20 --registered-sidecars 30 "
            + "--trusted-proxy 10.0.0.0/8 --trusted-proxy fd00::5 --ca-certificate /etc/hostname",
            out var exitCode,
            out var error);
        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        Assert.Equal("m.yaml", options!.Mesh);
        Assert.Equal(["127.0.0.1:80 False", "[::1]:443 True"], options.Listen.Select(listen => $"{listen.Address} {listen.IsTls}"));
        Assert.Equal(new CertificateFiles("c", "k"), options.Certificate);
        Assert.Equal("/etc/hostname", options.Authorities);
        Assert.Equal(("/tmp", "d"), (options.Packages, options.Data));
        Assert.Equal("0.0.0.0:15012", options.Registration?.ToString());
        Assert.Equal(new CertificateFiles("rc", "rk"), options.RegistrationCertificate);
        Assert.Equal(new CertificateFiles("ac", "ak"), options.RegistrationAuthority);
        Assert.Equal((11, 5, TimeSpan.FromMinutes(1)),
            (options.Connections.Total, options.Connections.PerClient, options.Connections.Idle));
        Assert.Equal(new SmmDashboard.Http.Rate(1500, 3), options.NewAgents);
        Assert.Equal(["10.0.0.0/8", "fd00::5/128"], options.TrustedProxies.Networks.Select(network => network.ToString()));
        Assert.Equal((13, 30), (options.AgentsPerGroup, options.Connections.RegisteredSidecars));
        Assert.Equal((17, 17), (options.Rates.Buckets, options.DialBackRates.Buckets));
        Assert.Equal(new SmmDashboard.Http.Rate(80, 20), options.DialBackRates.Total);
        Assert.Equal(new SmmDashboard.Http.Rate(40, 10), options.DialBackRates.PerGroup);
        Assert.Equal((7, 9), (options.Rates.PerClient.PerSecond, options.Rates.Total.PerSecond));
    }

    [Theory]
    [InlineData("--mesh m --listen http://127.0.0.1:80", null)]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin 127.0.0.1:90", "127.0.0.1:90 plain")]
    [InlineData("--mesh m --listen https://127.0.0.1:80 --certificate c --key k --admin [::1]:90", "[::1]:90 plain")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin 127.0.0.1:90 --admin-certificate ac --admin-key ak", "127.0.0.1:90 ac")]
    [InlineData("--kubernetes --public-url https://a --listen https://[::]:80 --certificate c --key k --admin [::]:90", "[::]:90 c")]
    [InlineData(
        "--kubernetes --public-url https://a --listen https://[::]:80 --certificate c --key k --admin [::]:90 --admin-certificate ac "
        + "--admin-key ak", "[::]:90 ac")]
    [InlineData("--kubernetes --public-url https://a --listen https://[::]:80 --certificate c --key k --admin 127.0.0.1:90",
        "127.0.0.1:90 plain")]
    public void AdminListenerHasTlsUnlessItIsALoopbackAddress(string line, string? expected)
    {
        var admin = Parse(line, out _, out var error)?.Admin;
        Assert.Equal("", error);
        Assert.Equal(expected, admin is null ? null : $"{admin.Address} {admin.Certificate?.Certificate ?? "plain"}");
    }

    [Theory]
    [InlineData("", "--mesh")]
    [InlineData("--mesh m", "--listen")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --wrong", "--wrong")]
    [InlineData("--mesh m --listen 127.0.0.1:80", "127.0.0.1:80")]
    [InlineData("--mesh m --listen http://localhost:80", "localhost:80")]
    [InlineData("--mesh m --listen http://127.0.0.1", "127.0.0.1")]
    [InlineData("--mesh m --listen http://127.0.0.1:99999", "99999")]
    [InlineData("--mesh m --listen https://127.0.0.1:443", "--certificate")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --certificate c", "--key")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --registration 127.0.0.1:1", "--registration-certificate")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --registration-ca-certificate c --registration-ca-key k",
        "--registration-ca-certificate needs --registration")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --packages /nowhere/at/all", "/nowhere/at/all")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --client-rate 0", "--client-rate")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --client-rate x", "x")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --connections 0", "--connections")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --client-connections -1", "--client-connections")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --idle-timeout 0", "--idle-timeout")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --new-agent-rate 0", "--new-agent-rate")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --agents-per-group 0", "--agents-per-group '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --rate-buckets 0", "--rate-buckets '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --dial-back-rate -1", "--dial-back-rate '-1' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --trusted-proxy proxy", "--trusted-proxy 'proxy' is neither")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --idle-timeout 86401", "--idle-timeout")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin 0.0.0.0:90", "is not a loopback address")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin [::]:90 --admin-certificate c --admin-key k", "is not a loopback address")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin localhost:90", "localhost:90")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin-certificate c --admin-key k", "needs --admin")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --admin 127.0.0.1:90 --admin-certificate c", "--admin-key")]
    [InlineData("--kubernetes --public-url http://a --listen http://127.0.0.1:80 --admin 10.0.0.1:90", "needs TLS")]
    [InlineData("--mesh m --listen http://127.0.0.1:80 --log-level verbose", "verbose")]
    public void WrongUsageIsReportedWithExitCode2(string line, string named)
    {
        Assert.Null(Parse(line, out var exitCode, out var error));
        Assert.Equal(2, exitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvalidMeshDescriptionIsExitCode2WithEveryFault()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("mesh.yaml",
            new MeshYaml { Head = "publicUrl: nowhere\n" }.ToString().Replace("http: 8080", "http: 0", StringComparison.Ordinal));
        using var error = new StringWriter();
        Assert.Equal(2, await EntryPoint.MainAsync(["--mesh", path, "--listen", "http://127.0.0.1:0"], error));
        Assert.Contains($"{path}: publicUrl: ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("groups[0].workloadGroup.ports.http: ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingMeshDescriptionOrCertificateIsReportedInOneLine()
    {
        using var folder = new TemporaryFolder();
        using var error = new StringWriter();
        Assert.Equal(2, await EntryPoint.MainAsync(["--mesh", folder.Path("none.yaml"), "--listen", "http://127.0.0.1:0"], error));
        var mesh = folder.Write("mesh.yaml", new MeshYaml().ToString());
        Assert.Equal(2, await EntryPoint.MainAsync(["--mesh", mesh, "--listen", "https://127.0.0.1:0", "--certificate", mesh, "--key",
            mesh], error));
        Assert.Equal(2, error.ToString().Trim().Split('\n').Length);
    }

    private static DashboardOptions? Parse(string line, out int exitCode, out string error)
    {
        using var writer = new StringWriter();
        var options = new CommandLine().Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), writer, out exitCode);
        error = writer.ToString();
        return options;
    }
}
