using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>The probes for the ports of gateways and direct endpoints.</summary>
internal sealed class GatewayProbes : IDisposable
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly CertificateValidator _validator;
    private readonly string _istiodName;

    public GatewayProbes(ReachabilityPlan plan, TimeProvider time)
    {
        _roots.ImportFromPem(plan.RootCertificate);
        _validator = new CertificateValidator(_roots, "the mesh's root certificate", time);
        _istiodName = plan.IstiodName;
    }

    public PortProbe For(ProbeTarget target) => target.Kind switch
    {
        ProbeKind.Istiod => new TlsProbe(_istiodName, _validator, PortProbe.None),
        ProbeKind.Tls => new AnyTlsProbe(_istiodName),
        ProbeKind.Health => new HttpGetProbe(InBrackets(target.Host), "/healthz/ready"),
        _ => PortProbe.None,
    };

    public void Dispose()
    {
        foreach (var root in _roots)
            root.Dispose();
    }

    private static string InBrackets(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}
