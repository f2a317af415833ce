using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>The certificates of a PEM file, each of which vouches for a chain as it is, whoever issued it.</summary>
/// <remarks>That is what curl does with <c>--cacert</c> (OpenSSL's partial chain). .NET takes self-signed certificates only.</remarks>
internal static class TrustAnchors
{
    // What it says of a chain that ends in an anchor that is no root.
    private const X509ChainStatusFlags IncompleteChain = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    /// <summary>Reads certificates in PEM. Windows puts a byte order mark before them, OpenSSL has a second name for them.</summary>
    /// <exception cref="CryptographicException">One cannot be read.</exception>
    public static X509Certificate2Collection Read(ReadOnlySpan<byte> pem)
    {
        var text = Encoding.UTF8.GetString(pem).Replace("\ufeff", "", StringComparison.Ordinal)
            .Replace(" X509 CERTIFICATE-----", " CERTIFICATE-----", StringComparison.Ordinal);
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        return certificates;
    }

    /// <summary>What a file is in which no certificate in PEM was found, as the rest of a sentence that begins with its name.</summary>
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

    /// <summary>What is wrong with a chain up to its first anchor; nothing when one vouches for it.</summary>
    /// <param name="anchors">Null means the system's, which the chain was built with.</param>
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
