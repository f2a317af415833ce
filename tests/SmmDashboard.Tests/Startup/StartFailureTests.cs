using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SmmAgent.Testbed;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Startup;

/// <summary>A dashboard that cannot start ends in one line with the option, the value, the reason and the fix.</summary>
public sealed class StartFailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TcpListener _other = new(IPAddress.Loopback, 0);
    private readonly string _mesh;

    public StartFailureTests()
    {
        _mesh = _folder.Write("mesh.yaml", new MeshYaml().ToString());
        _folder.Write("c.pem", TestCertificate.Any.CertificatePem);
        _folder.Write("k.pem", TestCertificate.Any.KeyPem);
        _other.Start();
    }

    private string Port => ((IPEndPoint)_other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _other.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--status")]
    [InlineData("--admin")]
    [InlineData("--registration")]
    public async Task PortInUseIsReportedWithItsOption(string option)
    {
        string[] others = option == "--listen" ? ["--listen", $"http://127.0.0.1:{Port}"]
            : ["--listen", "http://127.0.0.1:0", option, $"127.0.0.1:{Port}"];
        string[] files = option == "--registration"
            ? ["--registration-certificate", _folder.Path("c.pem"), "--registration-key", _folder.Path("k.pem")]
            : [];

        Assert.Equal(
            $"smm-dashboard: {option} 127.0.0.1:{Port}: another process listens on this port; choose another port, or find the process: "
            + $"sudo ss -ltnp 'sport = :{Port}'",
            await ErrorAsync(1, [.. others, .. files]));
    }

    [Fact]
    public async Task AddressOfAnotherHostIsReported() => Assert.Equal(
        "smm-dashboard: --listen 192.0.2.1:8080: this host does not have the address; choose one that 'ip address' lists, or 0.0.0.0 or "
        + "[::] for all",
        await ErrorAsync(1, "--listen", "http://192.0.2.1:8080"));

    [Fact]
    public async Task FileOfTheWrongFormatIsReported() => Assert.Equal(
        $"smm-dashboard: --certificate '{_folder.Path("k.pem")}' contains no certificate (-----BEGIN CERTIFICATE-----); name a PEM file "
        + "with the certificate and its chain",
        await ErrorAsync(
            2, "--listen", "https://127.0.0.1:0", "--certificate", _folder.Path("k.pem"), "--key", _folder.Path("k.pem")));

    [Fact]
    public async Task DataFolderThatCannotBeWrittenIsReported() => Assert.Equal(
        "smm-dashboard: --data '/proc/none': no such file or directory; name a folder that this user can write",
        await ErrorAsync(1, "--listen", "http://127.0.0.1:0", "--data", "/proc/none"));

    // The lines of the log before the error have a time.
    private async Task<string> ErrorAsync(int exitCode, params string[] options)
    {
        await using var dashboard = new TestbedProcess([.. Programs.Dashboard, "--mesh", _mesh, .. options]);
        Assert.Equal(exitCode, await dashboard.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        return Assert.Single(dashboard.Lines, line => !line.Contains("Z warn: ", StringComparison.Ordinal));
    }
}
