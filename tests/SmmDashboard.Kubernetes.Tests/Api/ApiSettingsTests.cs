using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Kubernetes.Tests.Api;

public sealed class ApiSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("10.96.0.1", "https://10.96.0.1/")]
    [InlineData("fd00::1", "https://[fd00::1]/")]
    [InlineData("[fd00::1]", "https://[fd00::1]/")]
    [InlineData("kubernetes.default.svc", "https://kubernetes.default.svc/")]
    public void IPv6AddressOfTheEnvironmentIsBracketed(string host, string expected)
    {
        ServiceAccount();

        Assert.Equal(expected, InCluster(host, "443").Server.AbsoluteUri);
    }

    [Fact]
    public void MessageOutsideAPodNamesTheKubeconfigOption() => Assert.Contains(
        "--kubeconfig FILE", Assert.Throws<ApiSettingsException>(() => InCluster(null, null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("70000")]
    public void InvalidPortIsNamed(string port) =>
        Assert.Contains($"'{port}' is not a port", Assert.Throws<ApiSettingsException>(() => InCluster("10.96.0.1", port)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", "token: t", "insecure-skip-tls-verify is not supported")]
    [InlineData("server: 'http://127.0.0.1:1'", "token: t", "is not https")]
    [InlineData("server: 'https://127.0.0.1:1'", "username: admin, password: p", "a user name and a password")]
    public void UnsafeKubeconfigIsRefused(string cluster, string user, string reason)
    {
        var file = Path.Combine(_folder, "config");
        File.WriteAllText(file, $$"""
            {apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: x, user: x} }],
             clusters: [{name: x, cluster: { {{cluster}} } }], users: [{name: x, user: { {{user}} } }]}
            """);

        var fault = Assert.Throws<ApiSettingsException>(() => ApiSettings.FromKubeconfig(file, TimeProvider.System));

        Assert.StartsWith(file, fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnreadableKubeconfigIsReportedInOneLine()
    {
        var file = Path.Combine(_folder, "config");
        File.WriteAllText(file, "clusters: [");

        Assert.DoesNotContain('\n',
            Assert.Throws<ApiSettingsException>(() => ApiSettings.FromKubeconfig(file, TimeProvider.System)).Message);
        Assert.Throws<ApiSettingsException>(() => ApiSettings.FromKubeconfig(Path.Combine(_folder, "none"), TimeProvider.System));
    }

    private void ServiceAccount()
    {
        using var pki = new TestPki();
        File.WriteAllText(Path.Combine(_folder, "token"), "t");
        File.WriteAllText(Path.Combine(_folder, "ca.crt"), pki.AuthorityPem);
    }

    private ApiSettings InCluster(string? host, string? port) =>
        ApiSettings.InCluster(name => name == "KUBERNETES_SERVICE_HOST" ? host : port, _folder, new FakeTimeProvider());
}
