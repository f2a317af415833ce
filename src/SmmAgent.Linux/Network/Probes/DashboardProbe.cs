using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Proxies;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>A dashboard to probe.</summary>
/// <param name="CaFile">PEM file with the only trusted authorities; null for the authorities of the system.</param>
public sealed record ProbedDashboard(Uri Url, string? CaFile, ProxySetting Proxy)
{
    /// <returns>Null while no dashboard is set.</returns>
    public static ProbedDashboard? From(AgentSettings settings) =>
        settings.DashboardUrl is { } url ? new(url, settings.CaFile, settings.Proxy) : null;
}

/// <summary>The probe of the dashboard: <c>GET /healthz</c>, inside TLS when the URL is https.</summary>
internal sealed class DashboardProbe : IDisposable
{
    private const int MaximumCaFile = 1024 * 1024;

    private readonly Uri _url;
    private readonly TimeProvider _time;
    private readonly X509Certificate2Collection? _authorities;

    private readonly ProxyAddress? _proxy;

    public DashboardProbe(ProbedDashboard dashboard, TimeProvider time)
    {
        (_url, _time, Host) = (dashboard.Url, time, dashboard.Url.IdnHost.Trim('[', ']'));
        var choice = ProxyEnvironment.Choose(dashboard.Proxy, _url);
        _proxy = choice.Address;
        Target = _proxy is null
            ? new ProbeTarget("dashboard", Host, _url.Port, ProbeKind.Health, Essential: true)
            : new ProbeTarget(ReachabilityConditions.ThroughProxy, _proxy.Host, _proxy.Port, ProbeKind.Health, Essential: true);
        if (_url.Scheme == Uri.UriSchemeHttps && dashboard.CaFile is { } caFile)
            (_authorities, Problem) = Read(caFile);
        if (choice.Error is { } error)
            (Problem, ProblemOutcome) = (error, Outcome.NotReady);
    }

    private string Host { get; }

    public ProbeTarget Target { get; }

    /// <summary>The reason why the dashboard cannot be probed; null when it can.</summary>
    public string? Problem { get; }

    public Outcome ProblemOutcome { get; } = Outcome.WrongCertificate;

    public PortProbe NewProbe()
    {
        var health = new HttpGetProbe(_url.IsDefaultPort ? _url.IdnHost : $"{_url.IdnHost}:{_url.Port}", "/healthz") { WantsDate = true };
        var authority = _authorities is null ? "this VM's certificate store" : "dashboard.caFile";
        PortProbe probe = _url.Scheme != Uri.UriSchemeHttps ? health
            : new TlsProbe(Host, new CertificateValidator(_authorities, authority, _time), health);
        return _proxy is null ? probe : new TunnelProbe(_proxy, Host, _url.Port, probe);
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
            return (null, $"{Cannot} {caFile} is not readable: {FileErrors.Reason(exception)}");
        }
    }
}
