using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The certificate that the sidecar keeps on disk and prefers to its token.</summary>
/// <param name="Identity">The SPIFFE id in it; null when there is none, or the file is not a certificate.</param>
/// <param name="Modified">When the file was written.</param>
public sealed record FoundCertificate(string? Identity, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset Modified)
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const int LongestIdentity = 2048; // the limit of a SPIFFE id

    // uniformResourceIdentifier [6] of GeneralName.
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Reads the first certificate of a PEM file, which the sidecar may have filled with anything.</summary>
    public static FoundCertificate Read(string pem, DateTimeOffset modified)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return new(IdentityOf(certificate), certificate.NotBefore, certificate.NotAfter, modified);
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException or ArgumentException)
        {
            return new(null, default, default, modified);
        }
    }

    /// <summary>Whether a control plane accepts it from this VM at this time.</summary>
    public bool IsGood(SpiffeId wanted, DateTimeOffset now) => Identity == wanted.ToString() && NotBefore <= now && now < NotAfter;

    /// <summary>The identity, if it is that of a service account other than the wanted one; otherwise null.</summary>
    public SpiffeId? OtherThan(SpiffeId wanted) =>
        Identity is not null && SpiffeId.Parse(Identity) is { } found && found != wanted ? found : null;

    private static string? IdentityOf(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName) is not { } extension)
            return null;

        var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(Uri))
                return names.ReadCharacterString(UniversalTagNumber.IA5String, Uri) is { Length: <= LongestIdentity } uri
                    && !uri.Any(char.IsControl)
                    ? uri
                    : null;
            names.ReadEncodedValue();
        }

        return null;
    }
}
