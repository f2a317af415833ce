using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmDashboard.Hosting;

namespace SmmDashboard.Tls;

/// <summary>The reason why a certificate and its key cannot be used.</summary>
/// <param name="Path">The file with the fault.</param>
/// <param name="IsKey">Whether it is the file of the key.</param>
/// <param name="Reason">The reason, and what to do.</param>
public sealed record PemFault(string Path, bool IsKey, string Reason)
{
    private const string CertificateFix = "name a PEM file with the certificate and its chain";
    private const string KeyFix = "name the PEM file with the private key of the certificate";
    private const string EncryptedKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    private const string LegacyEncryptedKey = "Proc-Type: 4,ENCRYPTED";

    /// <returns>Null if the certificate and the key can be used.</returns>
    public static PemFault? Find(CertificateFiles files)
    {
        if (Read(files.Certificate, out var reason) is not { } certificate)
            return new(files.Certificate, IsKey: false, $"{reason}; {CertificateFix}");
        if (FindInCertificates(certificate) is { } invalid)
            return new(files.Certificate, IsKey: false, $"{invalid}; {CertificateFix}");
        if (Read(files.Key, out reason) is not { } key)
            return new(files.Key, IsKey: true, $"{reason}; {KeyFix}");

        return FindInKey(certificate, key, files) is { } fault ? new(files.Key, IsKey: true, fault) : null;
    }

    /// <summary>The exception for a pair that could not be loaded.</summary>
    public static InvalidDataException ToException(CertificateFiles files, Exception exception) => new(
        $"the certificate {files.Certificate} with the key {files.Key} cannot be used: "
        + (Find(files) is { } fault ? $"{fault.Path}: {fault.Reason}" : OneLine.From(exception.Message)));

    /// <returns>The reason why a file with certificate authorities cannot be used; null if it can be.</returns>
    public static string? FindInAuthorities(string path) =>
        (Read(path, out var reason) is { } text ? FindInCertificates(text) : reason) is { } fault
            ? $"{fault}; name a PEM file with the certificates of the authorities"
            : null;

    /// <returns>The reason why a text has no usable certificate; null if it has.</returns>
    public static string? FindInCertificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
            return certificates.Count > 0 ? null : "contains no certificate (-----BEGIN CERTIFICATE-----)";
        }
        catch (CryptographicException)
        {
            return "contains a certificate that cannot be decoded";
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }

    private static string? FindInKey(string certificate, string key, CertificateFiles files)
    {
        if (key.Contains(EncryptedKey, StringComparison.Ordinal) || key.Contains(LegacyEncryptedKey, StringComparison.Ordinal))
            return $"the private key is encrypted; decrypt it: openssl pkey -in {files.Key} -out FILE";
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            return $"contains no private key (-----BEGIN PRIVATE KEY-----); {KeyFix}";

        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key);
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return IsReadable(key)
                ? $"is not the private key of the first certificate in {files.Certificate}; {KeyFix}"
                : $"contains a private key that cannot be decoded, or is neither EC nor RSA; {KeyFix}";
        }
    }

    private static bool IsReadable(string key)
    {
        using var elliptic = ECDsa.Create();
        using var rsa = RSA.Create();
        foreach (var import in (Action[])[() => elliptic.ImportFromPem(key), () => rsa.ImportFromPem(key)])
        {
            try
            {
                import();
                return true;
            }
            catch (Exception exception) when (exception is CryptographicException or ArgumentException)
            {
                // It is a key of the other kind, or none.
            }
        }

        return false;
    }

    private static string? Read(string path, out string reason)
    {
        reason = "is empty";
        try
        {
            return File.ReadAllText(path) is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reason = path.Length == 0 ? "the name of the file is empty" : FileReason.From(exception, path);
            return null;
        }
    }
}
