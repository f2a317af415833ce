using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmDashboard.Startup;

namespace SmmDashboard.Files.Registration;

/// <summary>Issues the certificates that sidecars register with after their first registration, as istiod's authority does.</summary>
public sealed class SidecarAuthority : IDisposable
{
    /// <summary>How long a certificate is valid: Istio's default.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    // A sidecar whose clock is a little slow can use its certificate at once.
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(2);

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

    /// <summary>Issues a certificate for the key of a signing request. What else the request asks for has no effect.</summary>
    /// <param name="signingRequest">A PKCS #10 request in PEM.</param>
    /// <returns>The certificate and this authority's in PEM; null when the request is not valid.</returns>
    public string? Issue(string signingRequest, SpiffeId identity)
    {
        try
        {
            var key = CertificateRequest.LoadSigningRequestPem(signingRequest, HashAlgorithmName.SHA256).PublicKey;
            var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(identity.ToString()));
            request.CertificateExtensions.Add(names.Build(critical: true));
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(ServerAuthentication), new(ClientAuthentication)], false));
            var now = _clock.GetUtcNow();
            using var elliptic = _authority.GetECDsaPrivateKey();
            using var rsa = _authority.GetRSAPrivateKey();
            var signer = elliptic is not null ? X509SignatureGenerator.CreateForECDsa(elliptic) : X509SignatureGenerator.CreateForRSA(rsa!, RSASignaturePadding.Pkcs1);
            using var certificate = request.Create(_authority.SubjectName, signer, now - Before, now + Lifetime, RandomNumberGenerator.GetBytes(16));
            return $"{certificate.ExportCertificatePem()}\n{_authority.ExportCertificatePem()}\n";
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The identity in a certificate that was verified; null when it has none.</summary>
    public static SpiffeId? IdentityOf(X509Certificate2 certificate) => certificate.Extensions[SubjectAlternativeName] is { } names
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
