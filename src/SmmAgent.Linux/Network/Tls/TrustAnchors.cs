using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>The certificates of a PEM file, each of which is a trust anchor, even if it is not self-signed.</summary>
/// <remarks>curl does the same with <c>--cacert</c> (a partial chain in OpenSSL). .NET accepts only self-signed certificates.</remarks>
internal static class TrustAnchors
{
    // The flags of .NET for a chain that ends in an anchor that is not a root.
    private const X509ChainStatusFlags IncompleteChain = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    /// <summary>
    /// Reads certificates in PEM, including a byte order mark, which Windows adds, and the alternative label of OpenSSL.
    /// </summary>
    /// <exception cref="CryptographicException">A certificate cannot be read.</exception>
    public static X509Certificate2Collection Read(ReadOnlySpan<byte> pem)
    {
        var text = Encoding.UTF8.GetString(pem).Replace("\ufeff", "", StringComparison.Ordinal)
            .Replace(" X509 CERTIFICATE-----", " CERTIFICATE-----", StringComparison.Ordinal);
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        return certificates;
    }

    /// <summary>Describes a file without certificates in PEM, as the rest of a sentence that begins with the name of the file.</summary>
    public static string DescribeContent(string path, ReadOnlySpan<byte> content) => content switch
    {
        [0x30, 0x80 or 0x82, ..] => $"is in DER, not in PEM: sudo openssl x509 -inform DER -in {path} -out {path}.pem, and name that file",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] =>
            $"is text in UTF-16: sudo iconv -f UTF-16 -t UTF-8 -o {path}.pem {path}, and name that file",
        _ when content.IndexOf("BEGIN TRUSTED CERTIFICATE"u8) >= 0 =>
            $"has a certificate in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE): sudo openssl x509 -in {path} -out {path}.pem, "
                + "and name that file",
        _ when content.IndexOf("BEGIN PKCS7"u8) >= 0 =>
            $"has certificates in PKCS #7: sudo openssl pkcs7 -print_certs -in {path} -out {path}.pem, and name that file",
        _ => "has no certificate in PEM (-----BEGIN CERTIFICATE-----)",
    };

    /// <summary>The flaws of a chain up to its first anchor; none when the chain is valid.</summary>
    /// <param name="anchors">The anchors; null for those of the system, which the chain was built with.</param>
    public static X509ChainStatusFlags Flaws(X509Chain chain, X509Certificate2Collection? anchors)
    {
        var elements = chain.ChainElements.ToList();
        var end = anchors is null ? -1 : elements.FindIndex(element => anchors.Any(anchor => IsSame(anchor, element.Certificate)));
        return end < 0
            ? All(chain.ChainStatus)
            : elements.Take(end + 1)
            .Aggregate(X509ChainStatusFlags.NoError, (all, element) => all | All(element.ChainElementStatus)) & ~IncompleteChain;
    }

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) =>
        one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static X509ChainStatusFlags All(X509ChainStatus[] statuses) =>
        statuses.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
}
