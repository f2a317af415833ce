using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>Validates the name, the issuer and the validity period of a server certificate, with a distinct result for each.</summary>
/// <param name="trusted">The only trusted root certificates; null for those of the system.</param>
/// <param name="authority">The name of the roots in messages: <c>the mesh's root certificate</c>.</param>
public sealed class CertificateValidator(X509Certificate2Collection? trusted, string authority, TimeProvider time)
{
    private const X509ChainStatusFlags TimeOnly = X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotTimeNested;

    /// <summary>A policy without downloads, which is sufficient for a certificate that is not validated.</summary>
    public static X509ChainPolicy PolicyWithoutDownloads() => SystemTrust.HandshakePolicy();

    public X509ChainPolicy Policy()
    {
        var policy = PolicyWithoutDownloads();
        policy.VerificationTime = time.GetUtcNow().LocalDateTime;
        policy.VerificationTimeIgnored = false;
        if (trusted is not null)
            policy.CustomTrustStore.AddRange(trusted);
        return policy;
    }

    public PortProbeResult Validate(string serverName, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (trusted is not null || chain is null || shown is not X509Certificate2 leaf)
            return ValidateChain(serverName, shown, chain, errors);

        using var complete = SystemTrust.Build(leaf, chain);
        return ValidateChain(serverName, leaf, complete, SystemTrust.Errors(complete, errors));
    }

    private PortProbeResult ValidateChain(string serverName, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        try
        {
            return ValidateReadable(serverName, shown, chain, errors);
        }
        catch (CryptographicException)
        {
            // Names are parsed only here, and any server can present a certificate with malformed names.
            return new(Outcome.WrongCertificate, "showed a certificate that cannot be read");
        }
    }

    private PortProbeResult ValidateReadable(string serverName, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 leaf || chain is null)
            return new(Outcome.WrongCertificate, "showed no certificate");

        var issuer = Name(leaf, issuer: true);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return new(Outcome.WrongCertificate,
                $"showed a certificate for '{Names(leaf)}' (issued by '{issuer}'), not for '{serverName}'");

        var flaws = TrustAnchors.Flaws(chain, trusted);
        if (flaws == X509ChainStatusFlags.NoError)
            return (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
                ? new(Outcome.Ok, null, FirstToEnd(chain))
                : new(Outcome.WrongCertificate, $"showed a certificate for '{Names(leaf)}' that is not acceptable ({errors})");

        if ((flaws & ~TimeOnly) != X509ChainStatusFlags.NoError)
        {
            return new(
                Outcome.WrongCertificate,
                $"showed a certificate for '{Names(leaf)}' issued by '{issuer}', which {authority} does not vouch for ({flaws})"
                + (flaws.HasFlag(X509ChainStatusFlags.PartialChain)
                    ? "; if that is an intermediate authority, have the server send its whole chain" : ""));
        }

        var now = time.GetUtcNow();
        var late = chain.ChainElements.Select(element => element.Certificate)
            .FirstOrDefault(certificate => now > certificate.NotAfter.ToUniversalTime());
        var what = late is null
            ? $"that is not valid before {TimeText.Format(leaf.NotBefore.ToUniversalTime())}"
            : late.Thumbprint == leaf.Thumbprint
                ? $"that expired on {TimeText.Format(leaf.NotAfter.ToUniversalTime())} (issued by '{issuer}')"
                : $"whose issuer's certificate '{Name(late, issuer: false)}' expired on {TimeText.Format(late.NotAfter.ToUniversalTime())}";
        return new(Outcome.ExpiredCertificate, $"showed a certificate for '{Names(leaf)}' {what}", Life(late ?? leaf));
    }

    private static CertificateLife? FirstToEnd(X509Chain chain) =>
        chain.ChainElements.Select(element => element.Certificate).MinBy(certificate => certificate.NotAfter) is { } first
            ? Life(first)
            : null;

    private static CertificateLife Life(X509Certificate2 certificate) =>
        new(Name(certificate, issuer: false), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());

    /// <summary>The DNS names of a certificate; the certificate of istiod has no subject.</summary>
    internal static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames()).ToList();
        return names.Count == 0 ? Name(certificate, issuer: false) : NameRules.Shown(string.Join(' ', names));
    }

    private static string Name(X509Certificate2 certificate, bool issuer)
    {
        var name = issuer ? certificate.Issuer : certificate.Subject;
        return name.Length > 0 || issuer ? NameRules.Shown(name)
            : NameRules.Shown(certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false));
    }
}
