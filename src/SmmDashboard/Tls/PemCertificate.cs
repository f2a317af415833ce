using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmDashboard.Tls;

/// <summary>A certificate with its chain and its key in two PEM files. A renewed pair is used from the next handshake.</summary>
public sealed class PemCertificate
{
    private static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _clock;
    private SslServerAuthenticationOptions _options;
    private (DateTime Certificate, DateTime Key) _written;
    private long _checkedAt;

    /// <exception cref="InvalidDataException">The files cannot be used; the message has the reason.</exception>
    public PemCertificate(string certificatePath, string keyPath, TimeProvider clock)
    {
        (_certificatePath, _keyPath, _clock) = (certificatePath, keyPath, clock);
        _written = Written();
        _options = Load();
        _checkedAt = clock.GetTimestamp();
    }

    /// <summary>The options of a TLS server. The previous pair stays in use while a new pair does not load.</summary>
    public SslServerAuthenticationOptions Current
    {
        get
        {
            lock (_lock)
            {
                if (_clock.GetElapsedTime(_checkedAt) >= ReloadInterval)
                    Renew();
                return _options;
            }
        }
    }

    /// <summary>When the certificate in use expires.</summary>
    public DateTimeOffset Expiry => Current.ServerCertificateContext!.TargetCertificate.NotAfter;

    private void Renew()
    {
        _checkedAt = _clock.GetTimestamp();
        var written = Written();
        if (written == _written)
            return;

        try
        {
            _options = Load();
            _written = written;
        }
        catch (InvalidDataException)
        {
            // Perhaps only one of the two files has been replaced so far; the next call tries again.
        }
    }

    private (DateTime Certificate, DateTime Key) Written() =>
        (File.GetLastWriteTimeUtc(_certificatePath), File.GetLastWriteTimeUtc(_keyPath));

    private SslServerAuthenticationOptions Load()
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_certificatePath);
            var certificate = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);
            return new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            };
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw PemFault.ToException(new CertificateFiles(_certificatePath, _keyPath), exception);
        }
    }
}
