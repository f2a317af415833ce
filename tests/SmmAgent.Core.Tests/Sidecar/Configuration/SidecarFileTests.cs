using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class SidecarFileTests
{
    private static readonly string One = Certificate("one");
    private static readonly string Two = Certificate("two");

    [Fact]
    public void SidecarMayFormatTheRootCertificatesDifferently()
    {
        var roots = Roots($"{One}\n{Two}\n");
        Assert.True(roots.Matches($"{Two}{One}"));
        Assert.True(roots.Matches($"# comment\r\n{Two}\r\n\r\n{One}\r\n{Certificate("another that istiod sent")}"));
    }

    [Fact]
    public void MissingRootCertificateIsADifference()
    {
        var roots = Roots($"{One}\n{Two}\n");
        Assert.False(roots.Matches(One));
        Assert.False(roots.Matches(""));
        Assert.False(roots.Matches("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    }

    [Fact]
    public void OnlyTheCertificatesOfAPublicFileAreKept()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var found = new FoundFile(
            $"# a comment\n{One}{key.ExportECPrivateKeyPem()}\n{Two}secret words", "istio-proxy", UnixFileMode.UserRead,
            DateTimeOffset.UnixEpoch);

        var kept = SidecarFile.OnlyCertificates(found);

        Assert.Equal(One + Two, kept.Content + "\n");
        Assert.Equal(found with { Content = kept.Content }, kept);
        Assert.True(Roots($"{Two}{One}").Matches(kept.Content!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a secret")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void NothingOfAFileWithoutCertificatesIsKept(string text) =>
        Assert.Equal("", SidecarFile.OnlyCertificates(new(text, "istio-proxy", UnixFileMode.UserRead, default)).Content);

    [Fact]
    public void OtherFilesAreComparedByteByByte() =>
        Assert.False(new SidecarFile(SidecarFiles.MeshFile, One, "root", UnixFileMode.None, NeedsRestart: true).Matches(One + "\n"));

    private static SidecarFile Roots(string pem) =>
        new(SidecarFiles.RootCertificate, pem, "istio-proxy", UnixFileMode.None, NeedsRestart: false);

    private static string Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return certificate.ExportCertificatePem() + "\n";
    }
}
