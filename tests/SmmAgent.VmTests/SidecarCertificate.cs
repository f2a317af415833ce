using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>A certificate in the place of that of the sidecar, from an authority that the mesh does not know.</summary>
internal sealed class SidecarCertificate(MeshTestbed testbed, BootedVm vm)
{
    /// <param name="account">The service account in it.</param>
    public void Write(string account, string owner = "istio-proxy")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=cluster.local", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new($"spiffe://cluster.local/ns/vm-integration/sa/{account}"));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[
            ("cert-chain.pem", certificate.ExportCertificatePem()), ("key.pem", key.ExportPkcs8PrivateKeyPem())])
        {
            File.WriteAllText(Path.Combine(testbed.Folder, "certificate"), text + "\n");
            vm.Run("install", "-D", "-m", "0600", "-o", owner, "-g", owner, "/mnt/certificate", $"/etc/certs/{name}");
        }
    }

    /// <summary>The subject alternative names of the present certificate; empty without one.</summary>
    public string Names() =>
        vm.Try("openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", "/etc/certs/cert-chain.pem") is (0, var names) ? names : "";
}
