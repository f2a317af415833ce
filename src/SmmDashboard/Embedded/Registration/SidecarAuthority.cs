using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmDashboard.Tls;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Issues the certificates that sidecars register with after their first registration, as istiod's authority does.</summary>
public sealed class SidecarAuthority : IDisposable
{
    /// <summary>How long a certificate is valid: Istio's default.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    // A sidecar whose clock is a little slow can use its certificate at once.
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(2);

    private const int SmallestRsa = 2048;

    // A verification with a larger one takes long.
    private const int LargestRsa = 8192;

    private static readonly string[] Curves = [ECCurve.NamedCurves.nistP256.Oid.Value!, ECCurve.NamedCurves.nistP384.Oid.Value!, ECCurve.NamedCurves.nistP521.Oid.Value!];

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string SubjectAlternativeName = "2.5.29.17";

    private readonly X509Certificate2 _authority;
    private readonly TimeProvider _clock;

    /// <exception cref="InvalidDataException">The files cannot be used; the message says why.</exception>
    public SidecarAuthority(CertificateFiles files, TimeProvider clock)
    {
        _clock = clock;
        try
        {
            _authority = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidDataException($"the certificate {files.Certificate} with the key {files.Key} cannot be used: {exception.Message}");
        }
    }

    /// <summary>How a client's certificate is verified: only one that this authority issued is good, now.</summary>
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

    /// <summary>Issues a certificate for the key of a signing request, valid for <see cref="Lifetime"/> and not longer than this authority's own. What else the request asks for has no effect.</summary>
    /// <param name="signingRequest">A PKCS #10 request in PEM. Its key is of P-256, P-384 or P-521, or RSA with 2048 to 8192 bits.</param>
    /// <returns>The certificate and this authority's in PEM; or why there is none, in one line.</returns>
    public (string? Certificate, string? Reason) Issue(string signingRequest, SpiffeId identity)
    {
        var now = _clock.GetUtcNow();
        var (first, last) = (new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter));
        if (now < first || now >= last)
            return (null, $"the authority's own certificate is valid from {first:u} to {last:u} only: give --registration-ca-certificate a new one");

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
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(ServerAuthentication), new(ClientAuthentication)], false));
            using var elliptic = _authority.GetECDsaPrivateKey();
            using var rsa = _authority.GetRSAPrivateKey();
            var signer = elliptic is not null ? X509SignatureGenerator.CreateForECDsa(elliptic) : X509SignatureGenerator.CreateForRSA(rsa!, RSASignaturePadding.Pkcs1);
            using var certificate = request.Create(_authority.SubjectName, signer, Later(now - Before, first), Earlier(now + Lifetime, last), RandomNumberGenerator.GetBytes(16));
            return ($"{certificate.ExportCertificatePem()}\n{_authority.ExportCertificatePem()}\n", null);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return (null, "its signing request is no valid PKCS #10 request in PEM");
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>Why no certificate is issued for a key; null when it is good.</summary>
    private static string? FindWeakness(PublicKey key)
    {
        const string Good = "use EC P-256, P-384 or P-521, or RSA with 2048 to 8192 bits";
        using var elliptic = key.GetECDsaPublicKey();
        if (elliptic is not null)
        {
            var curve = elliptic.ExportParameters(false).Curve;
            return curve.IsNamed && Curves.Contains(curve.Oid.Value) ? null : $"the key in its signing request is of the elliptic curve {(curve.IsNamed ? curve.Oid.Value : "with parameters of its own")}; {Good}";
        }

        using var rsa = key.GetRSAPublicKey();
        return rsa is null ? $"the key in its signing request is neither EC nor RSA; {Good}"
            : rsa.KeySize is < SmallestRsa or > LargestRsa ? $"the key in its signing request is RSA with {rsa.KeySize} bits; {Good}"
            : null;
    }

    /// <summary>The identity in a certificate that was verified; null when it has none.</summary>
    public static SpiffeId? ReadIdentity(X509Certificate2 certificate) => certificate.Extensions[SubjectAlternativeName] is { } names
        ? UniformResourceIdentifiers(names.RawData).Select(SpiffeId.Parse).FirstOrDefault(id => id is not null)
        : null;

    public void Dispose() => _authority.Dispose();

    // The class of the framework knows DNS names and IP addresses only. [6] is a URI (RFC 5280, 4.2.1.6).
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
