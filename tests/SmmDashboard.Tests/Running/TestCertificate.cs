using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmDashboard.Tests.Running;

/// <summary>A self-signed certificate for 127.0.0.1.</summary>
public sealed class TestCertificate
{
    public TestCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dashboard.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        CertificatePem = certificate.ExportCertificatePem();
        KeyPem = key.ExportPkcs8PrivateKeyPem();
        Thumbprint = certificate.Thumbprint;
    }

    /// <summary>A certificate for tests that need any certificate.</summary>
    public static TestCertificate Any { get; } = new();

    public string CertificatePem { get; }

    public string KeyPem { get; }

    public string Thumbprint { get; }
}
