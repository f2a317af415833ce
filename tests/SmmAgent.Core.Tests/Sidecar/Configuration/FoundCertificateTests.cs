using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

/// <summary>The sidecar can write anything to the file, so any content is either a certificate or ignored.</summary>
public sealed class FoundCertificateTests
{
    private const string Identity = "spiffe://cluster.local/ns/vms/sa/default";

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void SpiffeIdAndTheTimesOfTheFirstCertificateAreRead()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("vm.example.com");
        names.AddUri(new(Identity));

        var found = FoundCertificate.Read(Pem(names.Build(critical: true)) + Pem(null), Now);

        Assert.Equal(new(Identity, Now.AddHours(-1), Now.AddHours(23), Now), found);
        Assert.True(found.IsGood(new("cluster.local", "vms", "default"), Now));
        Assert.False(found.IsGood(new("cluster.local", "vms", "other"), Now));
        Assert.False(found.IsGood(new("cluster.local", "vms", "default"), Now.AddHours(23)));
        Assert.False(found.IsGood(new("cluster.local", "vms", "default"), Now.AddHours(-2)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void FileThatIsNotACertificateHasNoIdentity(string text) => Assert.Null(FoundCertificate.Read(text, Now).Identity);

    [Fact]
    public void CertificateWithoutAUriHasNoIdentity()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("vm.example.com");
        Assert.Null(FoundCertificate.Read(Pem(names.Build()), Now).Identity);
        Assert.Null(FoundCertificate.Read(Pem(null), Now).Identity);
    }

    [Fact]
    public void NamesWithAnyContentAreReadWithoutAnException() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        var found = FoundCertificate.Read(Pem(new("2.5.29.17", bytes, critical: false)), Now);
        Assert.True(found.Identity is null || !found.Identity.Any(char.IsControl));
    });

    [Fact]
    public void NameWithAControlCharacterOrWithoutAnEndIsNotAnIdentity()
    {
        Assert.Null(Read("spiffe://cluster.local/ns/vms/sa/a\nb"));
        Assert.Null(Read("spiffe://cluster.local/ns/vms/sa/" + new string('a', 2048)));
        Assert.Equal(Identity, Read(Identity));

        static string? Read(string uri)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
                writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            return FoundCertificate.Read(Pem(new("2.5.29.17", writer.Encode(), critical: false)), Now).Identity;
        }
    }

    private static string Pem(X509Extension? names)
    {
        var request = new CertificateRequest("O=cluster.local", Key, HashAlgorithmName.SHA256);
        if (names is not null)
            request.CertificateExtensions.Add(names);
        using var certificate = request.CreateSelfSigned(Now.AddHours(-1), Now.AddHours(23));
        return certificate.ExportCertificatePem() + "\n";
    }
}
