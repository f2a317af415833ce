using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>
/// The CAs that may sign the API server's certificate, and the check of that certificate: its chain and its name. A file is read again each
/// minute, after a 401, and at once when a certificate does not fit, so that a rotated CA needs no restart.
/// </summary>
internal sealed class TrustedAuthorities
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly string? _path;
    private readonly TimeProvider _time;
    private X509Certificate2Collection _certificates;
    private DateTimeOffset _until;

    private TrustedAuthorities(X509Certificate2Collection certificates, string? path, TimeProvider time)
    {
        (_certificates, _path, _time) = (certificates, path, time);
        _until = time.GetUtcNow() + Kept;
    }

    /// <exception cref="ApiSettingsException">The file has no certificate.</exception>
    public static TrustedAuthorities FromFile(string path, TimeProvider time) =>
        new(Read(path) ?? throw new ApiSettingsException($"{path}: no certificate of a CA can be read from it"), path, time);

    public static TrustedAuthorities Fixed(X509Certificate2Collection certificates, TimeProvider time) => new(certificates, null, time);

    public void Forget()
    {
        lock (_lock)
            _until = DateTimeOffset.MinValue;
    }

    /// <summary>Whether a server may be talked to.</summary>
    /// <param name="certificate">The server's.</param>
    /// <param name="chain">Has the intermediate certificates that the server sent, and the purpose that is asked for.</param>
    /// <param name="errors">
    /// The result of the system's own check. Its chain errors concern the system's CAs and are ignored.
    /// </param>
    public bool Accepts(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || chain is null
            || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        if (IsSigned(server, chain, Current()))
            return true;
        if (_path is null)
            return false;

        Forget();
        return IsSigned(server, chain, Current());
    }

    private static bool IsSigned(X509Certificate2 server, X509Chain sent, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var purpose in sent.ChainPolicy.ApplicationPolicy)
            chain.ChainPolicy.ApplicationPolicy.Add(purpose);
        foreach (var element in sent.ChainElements)
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(server);
    }

    private X509Certificate2Collection Current()
    {
        lock (_lock)
        {
            if (_path is not null && _time.GetUtcNow() >= _until)
            {
                // The last good ones stay: a file that is half written is read again in a minute.
                _certificates = Read(_path) ?? _certificates;
                _until = _time.GetUtcNow() + Kept;
            }

            return _certificates;
        }
    }

    private static X509Certificate2Collection? Read(string path)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(path);
            return certificates.Count == 0 ? null : certificates;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }
}
