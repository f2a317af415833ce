using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmDashboard.Tls;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Issues the certificates that sidecars register with after their first registration, like the authority of istiod.</summary>
public sealed class SidecarAuthority : IDisposable
{
    /// <summary>The lifetime of a certificate, the default of Istio.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    // Lets a sidecar with a slightly slow clock use its certificate at once.
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(2);

    private const int SmallestRsa = 2048;

    // Verification with a larger key is slow.
    private const int LargestRsa = 8192;

    private static readonly string[] Curves =
    [
        ECCurve.NamedCurves.nistP256.Oid.Value!, ECCurve.NamedCurves.nistP384.Oid.Value!, ECCurve.NamedCurves.nistP521.Oid.Value!,
    ];

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string SubjectAlternativeName = "2.5.29.17";

    private readonly X509Certificate2 _authority;
    private readonly TimeProvider _clock;

    /// <exception cref="InvalidDataException">The files cannot be used; the message has the reason.</exception>
    public SidecarAuthority(CertificateFiles files, TimeProvider clock)
    {
        _clock = clock;
        try
        {
            _authority = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw PemFault.ToException(files, exception);
        }
    }

    /// <summary>Creates the policy that verifies client certificates: only currently valid ones of this authority are accepted.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = _clock.GetUtcNow().UtcDateTime,
        };
        policy.CustomTrustStore.Add(_authority);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    /// <summary>
    /// Issues a certificate for the key of a signing request. It is valid for <see cref="Lifetime"/>, but not longer than the certificate
    /// of this authority. The rest of the request is ignored.
    /// </summary>
    /// <param name="signingRequest">
    /// A PKCS #10 request in PEM with an EC P-256, P-384 or P-521 key, or an RSA key with 2048 to 8192 bits.
    /// </param>
    /// <param name="identity">The identity in the certificate.</param>
    /// <returns>The certificate and that of this authority in PEM; or the reason for a refusal in one line.</returns>
    public (string? Certificate, string? Reason) Issue(string signingRequest, SpiffeId identity)
    {
        var now = _clock.GetUtcNow();
        var (first, last) = (new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter));
        if (now < first || now >= last)
        {
            return (null,
                $"the certificate of the authority is valid only from {first:u} to {last:u}; give --registration-ca-certificate a new one");
        }

        try
        {
            var key = CertificateRequest.LoadSigningRequestPem(signingRequest, HashAlgorithmName.SHA256).PublicKey;
            if (FindWeakness(key) is { } weakness)
                return (null, weakness);

            var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(identity.ToString()));
            request.CertificateExtensions.Add(names.Build(critical: true));
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            request.CertificateExtensions.Add(
                new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([new(ServerAuthentication), new(ClientAuthentication)], false));
            using var elliptic = _authority.GetECDsaPrivateKey();
            using var rsa = _authority.GetRSAPrivateKey();
            var signer = elliptic is not null
                ? X509SignatureGenerator.CreateForECDsa(elliptic)
                : X509SignatureGenerator.CreateForRSA(rsa!, RSASignaturePadding.Pkcs1);
            var (notBefore, notAfter) = (Later(now - Backdating, first), Earlier(now + Lifetime, last));
            using var certificate = request.Create(
                _authority.SubjectName, signer, notBefore, notAfter, RandomNumberGenerator.GetBytes(16));
            return ($"{certificate.ExportCertificatePem()}\n{_authority.ExportCertificatePem()}\n", null);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return (null, "its signing request is not a valid PKCS #10 request in PEM");
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>Returns the reason for which no certificate is issued for a key; null when the key is accepted.</summary>
    private static string? FindWeakness(PublicKey key)
    {
        const string Good = "use EC P-256, P-384 or P-521, or RSA with 2048 to 8192 bits";
        using var elliptic = key.GetECDsaPublicKey();
        if (elliptic is not null)
        {
            var curve = elliptic.ExportParameters(false).Curve;
            if (curve.IsNamed && Curves.Contains(curve.Oid.Value))
                return null;

            var found = curve.IsNamed ? $"the elliptic curve {curve.Oid.Value}" : "an elliptic curve with explicit parameters";
            return $"the key in its signing request uses {found}; {Good}";
        }

        using var rsa = key.GetRSAPublicKey();
        return rsa is null ? $"the key in its signing request is neither EC nor RSA; {Good}"
            : rsa.KeySize is < SmallestRsa or > LargestRsa ? $"the key in its signing request is RSA with {rsa.KeySize} bits; {Good}"
            : null;
    }

    /// <summary>Reads the identity in a verified certificate; null when it has none.</summary>
    public static SpiffeId? ReadIdentity(X509Certificate2 certificate) => certificate.Extensions[SubjectAlternativeName] is { } names
        ? UniformResourceIdentifiers(names.RawData).Select(SpiffeId.Parse).FirstOrDefault(id => id is not null)
        : null;

    public void Dispose() => _authority.Dispose();

    // The class of the framework supports only DNS names and IP addresses. [6] is a URI (RFC 5280, 4.2.1.6).
    private static IEnumerable<string> UniformResourceIdentifiers(byte[] generalNames)
    {
        var uri = new Asn1Tag(TagClass.ContextSpecific, 6);
        var names = new AsnReader(generalNames, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag() == uri)
                yield return names.ReadCharacterString(UniversalTagNumber.IA5String, uri);
            else
                names.ReadEncodedValue();
        }
    }
}
