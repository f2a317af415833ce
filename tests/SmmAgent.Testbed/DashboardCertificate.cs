using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Testbed;

/// <summary>A certificate authority made for one testbed, and the dashboard's certificate from it.</summary>
public sealed class DashboardCertificate
{
    /// <param name="from">When it becomes valid, counted from now.</param>
    /// <param name="to">When it expires, counted from now.</param>
    public DashboardCertificate(string folder, string address, TimeSpan from, TimeSpan to)
    {
        var now = DateTimeOffset.UtcNow;
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=testbed authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var root = authority.CreateSelfSigned(now.AddDays(-60), now.AddDays(60));

        // The same authority, as an intermediate one of an authority above it.
        using var aboveKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var above = new CertificateRequest("CN=testbed root", aboveKey, HashAlgorithmName.SHA256);
        above.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var aboveRoot = above.CreateSelfSigned(now.AddDays(-60), now.AddDays(60));
        using var issuing = authority.Create(aboveRoot, now.AddDays(-59), now.AddDays(59), RandomNumberGenerator.GetBytes(8));
        IssuingAuthority = issuing.ExportCertificatePem();

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dashboard", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var leaf = request.Create(root, now + from, now + to, RandomNumberGenerator.GetBytes(8));

        AuthorityFile = Path.Combine(folder, "dashboard-ca.pem");
        CertificateFile = Path.Combine(folder, "dashboard.pem");
        KeyFile = Path.Combine(folder, "dashboard-key.pem");
        File.WriteAllText(AuthorityFile, root.ExportCertificatePem());
        File.WriteAllText(CertificateFile, leaf.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public string AuthorityFile { get; }

    /// <summary>Its certificate as an intermediate authority, in PEM.</summary>
    public string IssuingAuthority { get; }

    public string CertificateFile { get; }

    public string KeyFile { get; }
}
