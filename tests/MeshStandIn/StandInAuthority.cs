using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Win32.SafeHandles;

namespace MeshStandIn;

/// <summary>The root certificate of the mesh, and certificates issued by it.</summary>
public sealed partial class StandInAuthority : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private StandInAuthority(X509Certificate2 root) => Root = root;

    public X509Certificate2 Root { get; }

    public string RootPem => Root.ExportCertificatePem() + "\n";

    /// <summary>Creates a root in memory.</summary>
    public static StandInAuthority Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mesh-stand-in root, O=cluster.local", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UtcNow;
        return new(request.CreateSelfSigned(now - (400 * Day), now + (3650 * Day)));
    }

    /// <summary>Opens the root in a folder and creates it (key 0600) when it is absent. Concurrent processes are allowed.</summary>
    public static StandInAuthority LoadOrCreate(string directory)
    {
        Directory.CreateDirectory(directory);
        using var turn = WaitForTurn(Path.Combine(directory, ".lock"));
        var (certificate, key) = (Path.Combine(directory, "root-cert.pem"), Path.Combine(directory, "root-key.pem"));
        if (File.Exists(certificate) && File.Exists(key))
            return new(X509Certificate2.CreateFromPemFile(certificate, key));

        var authority = Create();
        Write(key, authority.Root.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), secret: true);
        Write(certificate, authority.RootPem, secret: false);
        return authority;
    }

    /// <summary>Issues a server certificate.</summary>
    /// <param name="names">DNS names and IP addresses; the first is also the subject.</param>
    public X509Certificate2 Issue(IReadOnlyList<string> names, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.Create(
            Root, notBefore ?? now - Day, notAfter ?? now + (90 * Day), RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Issues a server certificate that expired yesterday.</summary>
    public X509Certificate2 IssueExpired(IReadOnlyList<string> names) =>
        Issue(names, DateTimeOffset.UtcNow - (90 * Day), DateTimeOffset.UtcNow - Day);

    /// <summary>Writes a certificate and its key (0600) where another program can use them.</summary>
    public static void Save(X509Certificate2 leaf, string directory, string name)
    {
        Write(Path.Combine(directory, $"{name}-key.pem"), leaf.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), secret: true);
        Write(Path.Combine(directory, $"{name}-cert.pem"), leaf.ExportCertificatePem() + "\n", secret: false);
    }

    public void Dispose() => Root.Dispose();

    private static void Write(string path, string text, bool secret)
    {
        const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = secret ? Secret : Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        };
        using (var writer = new StreamWriter(new FileStream(temporary, options)))
            writer.Write(text);
        File.Move(temporary, path, overwrite: true);
    }

    // Waits for the lock, which the kernel releases in any case when its holder ends.
    private static SafeFileHandle WaitForTurn(string path)
    {
        const int readWrite = 2, create = 0x40, closeOnExec = 0x80000, exclusive = 2, interrupted = 4;
        var file = Open(path, readWrite | create | closeOnExec, 0b110_000_000);
        while (file.IsInvalid || Flock(file, exclusive) != 0)
        {
            if (file.IsInvalid || Marshal.GetLastPInvokeError() != interrupted)
                throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return file;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
