using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Decides whether the certificate of the dashboard, or of a server that it points to, is believed, and keeps in words why it was not.</summary>
internal sealed class DashboardTrust
{
    private const int MaximumCaFileBytes = 1024 * 1024;
    private readonly bool _isDashboards;
    private readonly X509Certificate2Collection? _roots;
    private volatile Verdict _last = new(null, null);

    /// <param name="caFile">PEM file with the only authorities that are trusted; null means the system's.</param>
    /// <param name="isDashboards">Whether it is for the dashboard itself.</param>
    public DashboardTrust(string? caFile, bool isDashboards = true)
    {
        _isDashboards = isDashboards;
        if (caFile is null)
            return;

        try
        {
            var bytes = State.AtomicFile.ReadLimited(caFile, MaximumCaFileBytes);
            _roots = [];
            if (bytes is null)
                CaFileFault = $"there is no file {caFile}";
            else
                _roots.ImportFromPem(System.Text.Encoding.UTF8.GetString(bytes));
            if (bytes is not null && _roots.Count == 0)
                CaFileFault = $"{caFile} has no certificate in PEM (-----BEGIN CERTIFICATE-----)";
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException)
        {
            CaFileFault = $"{caFile} cannot be used: {exception.Message}";
        }
    }

    /// <summary>Why dashboard.caFile cannot be used; null when it can or is not set.</summary>
    public string? CaFileFault { get; }

    /// <summary>Why the last certificate was not believed; null when it was.</summary>
    public (UnreachableReason Why, string Detail)? LastRefusal =>
        _last is { Why: { } why, Detail: { } detail } ? (why, detail) : null;

    public SslClientAuthenticationOptions Options() => new()
    {
        RemoteCertificateValidationCallback = Check,
        CertificateChainPolicy = _roots is null ? null : ChainPolicy(_roots),
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
        _last = errors == SslPolicyErrors.None ? new(null, null) : Judge(certificate as X509Certificate2, chain, errors);
        return errors == SslPolicyErrors.None;
    }

    private Verdict Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
            return new(UnreachableReason.WrongCertificate, "it showed no certificate");

        // Why the whole chain is bad; UntrustedRoot and the like say more than what follows from them.
        var flags = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            var bad = chain!.ChainElements.FirstOrDefault(e => e.ChainElementStatus.Any(s => s.Status == X509ChainStatusFlags.NotTimeValid))
                ?.Certificate ?? certificate;
            return new(UnreachableReason.ExpiredCertificate,
                $"its certificate is valid from {bad.NotBefore.ToUniversalTime():u} to {bad.NotAfter.ToUniversalTime():u}, and this host's clock is outside");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return new(UnreachableReason.WrongCertificate, _isDashboards
                ? "its certificate is for another name than the one in dashboard.url"
                : "its certificate is for another name");
        if (!_isDashboards)
            return new(UnreachableReason.WrongCertificate, "its certificate comes from no authority that this host trusts");

        return new(UnreachableReason.WrongCertificate, _roots is null
            ? "its certificate comes from no authority that this host trusts; name the right one with dashboard.caFile"
            : "its certificate does not come from an authority in dashboard.caFile");
    }

    private sealed record Verdict(UnreachableReason? Why, string? Detail);
}
