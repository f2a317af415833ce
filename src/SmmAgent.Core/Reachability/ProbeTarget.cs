using SmmAgent.Contract;

namespace SmmAgent.Core.Reachability;

/// <summary>How a port is probed.</summary>
public enum ProbeKind
{
    /// <summary>A TCP connection.</summary>
    Tcp,

    /// <summary>A TCP connection whose peer answers a TLS ClientHello.</summary>
    Tls,

    /// <summary>A TLS handshake with istiod behind the port: its name, and the chain up to the mesh's root.</summary>
    Istiod,

    /// <summary><c>GET /healthz/ready</c> over plain HTTP.</summary>
    Health,
}

/// <summary>One port to probe.</summary>
/// <param name="Name">The gateway's or endpoint's name.</param>
/// <param name="Host">An IP address or a DNS name.</param>
/// <param name="Essential">Whether a VM without this port is out of the mesh; the others carry telemetry and status.</param>
public sealed record ProbeTarget(string Name, string Host, int Port, ProbeKind Kind, bool Essential)
{
    private const int Istiod = 15012;
    private const int Status = 15021;
    private const int CrossNetwork = 15443;

    public static ProbeTarget From(string name, string host, GatewayPort port) =>
        new(name, host, port.Port, KindOf(port.Name, port.Port), port.Port is Istiod or CrossNetwork);

    private static ProbeKind KindOf(string name, int port) => port switch
    {
        Istiod => ProbeKind.Istiod,
        Status => ProbeKind.Health,
        15017 or CrossNetwork or 50600 or 59411 => ProbeKind.Tls,
        _ when name is "tls" || name.StartsWith("tls-", StringComparison.Ordinal) || name.EndsWith("-tls", StringComparison.Ordinal)
            => ProbeKind.Tls,
        _ => ProbeKind.Tcp,
    };
}
