using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Tls;

public sealed class AuthorityTests
{
    [Fact]
    public async Task SelfSignedCertificateIsItsOwnAuthorityAndTheKeyIsNotServed()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("tls.pem", $"{TestCertificate.Any.KeyPem}\n{TestCertificate.Any.CertificatePem}");

        Assert.Equal(TestCertificate.Any.CertificatePem.Trim(), (await AskAsync(dashboard)).Text.Trim());
    }

    [Fact]
    public async Task AuthoritiesAreThoseOfTheChain()
    {
        var (root, leaf) = Chain();
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("tls.pem", $"{leaf}\n{root}\n");

        Assert.Equal(root, (await AskAsync(dashboard)).Text.Trim());
    }

    [Theory]
    [InlineData("leaf")]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public async Task CertificateWithoutAnAuthorityIs404(string content)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("tls.pem", content == "leaf" ? Chain().Leaf : content);

        (await AskAsync(dashboard)).IsProblem(404, "not-found");
    }

    [Fact]
    public async Task FileOfTheOptionGoesFirst()
    {
        var (root, _) = Chain();
        using var folder = new TemporaryFolder();
        await using var dashboard = await RunningDashboard.StartAsync(new() { Authorities = folder.Write("ca.pem", $"# ours\n{root}\n") });

        Assert.Equal(root, (await AskAsync(dashboard)).Text.Trim());
    }

    private static Task<Answer> AskAsync(RunningDashboard dashboard) =>
        (Call.Get("/get/ca.pem") with { Token = null }).SendAsync(dashboard);

    private static (string Root, string Leaf) Chain()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256)
            .Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        return (root.ExportCertificatePem(), leaf.ExportCertificatePem());
    }
}
