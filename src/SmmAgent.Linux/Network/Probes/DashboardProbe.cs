using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>The probe of the dashboard: <c>GET /healthz</c>, inside TLS when the URL is https.</summary>
internal sealed class DashboardProbe : IDisposable
{
    private const int MaximumCaFile = 1024 * 1024;

    private readonly Uri _url;
    private readonly TimeProvider _time;
    private readonly X509Certificate2Collection? _authorities;

    /// <param name="caFile">PEM file with the only trusted authorities; null for the authorities of the system.</param>
    public DashboardProbe(Uri url, string? caFile, TimeProvider time)
    {
        (_url, _time) = (url, time);
        Target = new ProbeTarget("dashboard", url.IdnHost.Trim('[', ']'), url.Port, ProbeKind.Health, Essential: true);
        if (url.Scheme == Uri.UriSchemeHttps && caFile is not null)
            (_authorities, Problem) = Read(caFile);
    }

    public ProbeTarget Target { get; }

    /// <summary>The reason why the certificate of the dashboard cannot be validated; null when it can.</summary>
    public string? Problem { get; }

    public PortProbe NewProbe()
    {
        var health = new HttpGetProbe(_url.IsDefaultPort ? _url.IdnHost : $"{_url.IdnHost}:{_url.Port}", "/healthz") { WantsDate = true };
        if (_url.Scheme != Uri.UriSchemeHttps)
            return health;

        var authority = _authorities is null ? "this VM's certificate store" : "dashboard.caFile";
        return new TlsProbe(Target.Host, new CertificateValidator(_authorities, authority, _time), health);
    }

    public void Dispose()
    {
        foreach (var authority in _authorities ?? [])
            authority.Dispose();
    }

    private static (X509Certificate2Collection?, string?) Read(string caFile)
    {
        const string Cannot = "has a certificate that cannot be checked: dashboard.caFile";
        try
        {
            if (AtomicFile.ReadLimited(caFile, MaximumCaFile) is not { } content)
                return (null, $"{Cannot} {caFile} does not exist");

            var authorities = TrustAnchors.Read(content);
            return authorities.Count > 0 ? (authorities, null) : (null, $"{Cannot} {caFile} holds no certificate in PEM");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception) || exception is CryptographicException)
        {
            return (null, $"{Cannot} {caFile} is not readable: {exception.Message}");
        }
    }
}
