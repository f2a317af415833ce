using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmDashboard.Tests.Running;

/// <summary>The authority of a mesh. A dashboard gets its certificate and key.</summary>
public sealed class TestAuthority
{
    public TestAuthority(DateTimeOffset now, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root, O=cluster.local", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + (lifetime ?? TimeSpan.FromDays(3650)));
        (CertificatePem, KeyPem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public string CertificatePem { get; }

    public string KeyPem { get; }
}
