using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>The checks for the ports of gateways and direct endpoints.</summary>
internal sealed class GatewayChecks : IDisposable
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly CertificateValidator _judge;
    private readonly string _istiodName;

    public GatewayChecks(ReachabilityPlan plan, TimeProvider time)
    {
        _roots.ImportFromPem(plan.RootCertificate);
        _judge = new CertificateValidator(_roots, "the mesh's root certificate", time);
        _istiodName = plan.IstiodName;
    }

    public PortCheck For(ProbeTarget target) => target.Kind switch
    {
        ProbeKind.Istiod => new TlsCheck(_istiodName, _judge, PortCheck.None),
        ProbeKind.Tls => new AnyTlsCheck(_istiodName),
        ProbeKind.Health => new HttpGetCheck(InBrackets(target.Host), "/healthz/ready"),
        _ => PortCheck.None,
    };

    public void Dispose()
    {
        foreach (var root in _roots)
            root.Dispose();
    }

    private static string InBrackets(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}
