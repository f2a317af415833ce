using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshStandIn;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Tests.Network.Probes;

/// <summary>Who answers on a port shows what certificate he likes. None of them ends the daemon.</summary>
public sealed class HostileCertificateTests : IDisposable
{
    private const string AlternativeNames = "2.5.29.17";

    private readonly StandInAuthority _authority = StandInAuthority.Create();
    private readonly IPAddress _address = Loopback.Next();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(ProbeKind.Istiod, Outcome.WrongCertificate)]
    [InlineData(ProbeKind.Tls, Outcome.Ok)]
    public async Task MalformedAlternativeNamesAreReported(ProbeKind kind, Outcome outcome) =>
        await ExpectAsync(new X509Extension(AlternativeNames, [0x30, 0x7F, 0x01], critical: false), kind, outcome);

    [Theory]
    [InlineData(ProbeKind.Istiod, Outcome.WrongCertificate)]
    [InlineData(ProbeKind.Tls, Outcome.Ok)]
    public async Task BinaryAlternativeNamesAreReported(ProbeKind kind, Outcome outcome) =>
        await ExpectAsync(new X509Extension(AlternativeNames, [0x30, 0x04, 0x82, 0x02, 0xFF, 0xFE], critical: false), kind, outcome);

    [Theory]
    [InlineData(ProbeKind.Istiod, Outcome.WrongCertificate)]
    [InlineData(ProbeKind.Tls, Outcome.Ok)]
    public async Task UnknownCriticalExtensionIsReported(ProbeKind kind, Outcome outcome) =>
        await ExpectAsync(new X509Extension("1.2.3.4.5", [0x01], critical: true), kind, outcome);

    private async Task ExpectAsync(X509Extension extension, ProbeKind kind, Outcome outcome)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=hostile", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(extension);
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await using var listener = new StandInListener(new(_address, 0), Behaviours.Tls(certificate));

        var result = await Probing.OneAsync(Probing.OnePort(_authority, _address, listener.Port, kind));

        Assert.Equal(outcome, result.Outcome);
    }
}
