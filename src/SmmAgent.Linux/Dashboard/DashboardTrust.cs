using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Probes;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Dashboard;

/// <summary>
/// Validates the certificate of the dashboard, or of a server that it refers to, and keeps the reason of the last refusal.
/// </summary>
internal sealed class DashboardTrust
{
    private const int MaximumCaFileBytes = 1024 * 1024;
    private readonly bool _isDashboards;
    private readonly X509Certificate2Collection? _roots;
    private volatile Verdict _last = new(null, null);
    private volatile bool _isSecure;
    private volatile bool _isConnected;
    private volatile bool _hasCertificate;

    /// <param name="caFile">PEM file with the only trusted authorities; null for the authorities of the system.</param>
    /// <param name="isDashboards">Whether the connections are to the dashboard itself.</param>
    public DashboardTrust(string? caFile, bool isDashboards = true)
    {
        _isDashboards = isDashboards;
        if (caFile is null)
            return;

        try
        {
            if (SmmAgent.Linux.Files.AtomicFile.ReadLimited(caFile, MaximumCaFileBytes) is not { } bytes)
                CaFileFault = $"there is no file {caFile}";
            else if ((_roots = TrustAnchors.Read(bytes)).Count == 0)
                CaFileFault = $"{caFile} {TrustAnchors.DescribeContent(caFile, bytes)}";
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception) || exception is CryptographicException)
        {
            CaFileFault = exception is UnauthorizedAccessException && SmmAgent.Linux.Files.ReadDenial.ForThisProcess(caFile) is { } refusal
                ? refusal.ToString()
                : $"{caFile} cannot be used: {FileErrors.Reason(exception)}";
        }
    }

    /// <summary>Why dashboard.caFile cannot be used; null when it can or is not set.</summary>
    public string? CaFileFault { get; }

    /// <summary>Why the last certificate was refused; null when it was accepted.</summary>
    public (UnreachableReason Reason, string Detail)? LastRefusal =>
        _last is { Reason: { } reason, Detail: { } detail } ? (reason, detail) : null;

    /// <summary>Whether the last connection is established, but its TLS handshake has not yet reached the server certificate.</summary>
    public bool IsShakingHands => _isSecure && _isConnected && !_hasCertificate;

    /// <summary>Whether the server of the last handshake asked for a client certificate.</summary>
    public bool DemandsCertificate { get; private set; }

    /// <summary>Whether the last connection uses TLS.</summary>
    public bool IsSecure => _hasCertificate;

    /// <summary>Whether the server has ever answered.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Records the start of a connection.</summary>
    public void Connecting(bool isSecure) =>
        (_isSecure, _isConnected, _hasCertificate, DemandsCertificate) = (isSecure, false, false, false);

    /// <summary>Records that the connection is established and the TLS handshake begins.</summary>
    public void Connected() => _isConnected = true;

    public SslClientAuthenticationOptions Options() => new()
    {
        RemoteCertificateValidationCallback = Check,
        // Called once before the handshake, without a server certificate, and again when the server requests a client certificate.
        LocalCertificateSelectionCallback = (_, _, _, server, _) =>
        {
            DemandsCertificate |= server is not null;
            return null!;
        },
        CertificateChainPolicy = _roots is null ? SystemTrust.HandshakePolicy() : ChainPolicy(_roots),
    };

    private static X509ChainPolicy ChainPolicy(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority seldom has a reachable list
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _hasCertificate = true;
        if (_roots is not null || chain is null || certificate is not X509Certificate2 leaf)
            return CheckChain(certificate, chain, errors);

        using var complete = SystemTrust.Build(leaf, chain);
        return CheckChain(leaf, complete, SystemTrust.Errors(complete, errors));
    }

    private bool CheckChain(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.RemoteCertificateChainErrors && chain is not null
            && TrustAnchors.Flaws(chain, _roots) == X509ChainStatusFlags.NoError)
            errors = SslPolicyErrors.None;
        _last = errors == SslPolicyErrors.None ? new(null, null) : Evaluate(certificate as X509Certificate2, chain, errors);
        return errors == SslPolicyErrors.None;
    }

    private Verdict Evaluate(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
            return new(UnreachableReason.WrongCertificate, "it showed no certificate");

        // The flags of the whole chain: causes such as UntrustedRoot are more precise than the errors that result from them.
        var flags = chain is null ? X509ChainStatusFlags.NoError : TrustAnchors.Flaws(chain, _roots);
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            var bad = chain!.ChainElements.FirstOrDefault(e => e.ChainElementStatus.Any(s => s.Status == X509ChainStatusFlags.NotTimeValid))
                ?.Certificate ?? certificate;
            return new(UnreachableReason.ExpiredCertificate,
                $"its certificate is valid from {TimeText.Format(bad.NotBefore.ToUniversalTime())} to "
                    + $"{TimeText.Format(bad.NotAfter.ToUniversalTime())}, and this "
                    + "host's clock is outside");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            var names = CertificateValidator.Names(certificate);
            return new(UnreachableReason.WrongCertificate, _isDashboards
                ? $"its certificate is for another name than the one in dashboard.url: it is for '{names}'"
                : $"its certificate is for another name: '{names}'");
        }

        var missing = MissingIssuer(chain, flags);
        if (!_isDashboards)
            return new(UnreachableReason.WrongCertificate, $"its certificate comes from no authority that this host trusts{missing}");

        return new(UnreachableReason.WrongCertificate, _roots is null
            ? $"its certificate comes from no authority that this host trusts; name the right one with dashboard.caFile{missing}"
            : $"its certificate does not come from an authority in dashboard.caFile{missing}");
    }

    // A server must send all certificates of its chain, except that of the root authority.
    private static string MissingIssuer(X509Chain? chain, X509ChainStatusFlags flags)
    {
        if (!flags.HasFlag(X509ChainStatusFlags.PartialChain) || chain is not { ChainElements: [.., var last] })
            return "";

        var issuer = NameRules.Shown(last.Certificate.Issuer);
        return $" (the server does not send the certificate of its issuer '{issuer}': if that is an intermediate authority, "
            + "have the server send its whole chain)";
    }

    private sealed record Verdict(UnreachableReason? Reason, string? Detail);
}
