using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmDashboard.Kubernetes.Tests.Composition;

internal static class Certificates
{
    /// <summary>A new certificate in PEM.</summary>
    public static string Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return certificate.ExportCertificatePem() + "\n";
    }
}
