using System.Formats.Asn1;
using System.Text;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>Reads the certificates of a PEM file one after the other, without an object of OpenSSL for each.</summary>
internal static class CertificateFile
{
    private const int MaximumFile = 16 * 1024 * 1024;
    private const int MaximumCertificate = 128 * 1024;

    /// <summary>The certificates in DER; empty if the file cannot be read. The bytes are valid until the next one is read.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string path)
    {
        using var reader = Open(path);
        if (reader is null)
            yield break;

        var text = new StringBuilder();
        var der = Array.Empty<byte>();
        string? end = null;
        while (reader.ReadLine() is { } line)
        {
            if (end is null)
            {
                end = line.TrimEnd() switch
                {
                    "-----BEGIN CERTIFICATE-----" => "-----END CERTIFICATE-----",
                    "-----BEGIN X509 CERTIFICATE-----" => "-----END X509 CERTIFICATE-----",
                    _ => null, // a TRUSTED CERTIFICATE has limits of its use that .NET does not know
                };
                text.Clear();
            }
            else if (line.StartsWith(end, StringComparison.Ordinal))
            {
                end = null;
                if (der.Length < text.Length)
                    der = new byte[text.Length];
                if (Convert.TryFromBase64String(text.ToString(), der, out var length))
                    yield return der.AsMemory(0, length);
            }
            else if (text.Length < MaximumCertificate)
            {
                text.Append(line);
            }
        }
    }

    /// <summary>The name of the subject of a certificate in DER; null if it is not a certificate.</summary>
    public static ReadOnlyMemory<byte>? Subject(ReadOnlyMemory<byte> certificate)
    {
        try
        {
            var body = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (body.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
                body.ReadEncodedValue(); // the version
            body.ReadEncodedValue(); // the serial number
            body.ReadEncodedValue(); // the algorithm
            body.ReadEncodedValue(); // the issuer
            body.ReadEncodedValue(); // the validity
            return body.ReadEncodedValue();
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static StreamReader? Open(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length <= MaximumFile ? new StreamReader(path, Encoding.Latin1) : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }
}
