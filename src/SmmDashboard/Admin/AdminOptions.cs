using System.Net;
using System.Net.Sockets;
using SmmDashboard.Http;
using SmmDashboard.Tls;

namespace SmmDashboard.Admin;

/// <summary>The settings of the listener that shows the machines.</summary>
/// <param name="Address">The address to listen on.</param>
/// <param name="Certificate">The certificate for TLS; null serves plain HTTP, which is allowed on a loopback address only.</param>
public sealed record AdminOptions(IPEndPoint Address, CertificateFiles? Certificate)
{
    /// <summary>
    /// The number of open connections, for all clients together: behind a proxy they have one address. The connections of VMs are counted
    /// separately, so that they cannot close the pages of an operator.
    /// </summary>
    public const int Connections = 256;

    /// <summary>The number of open event streams.</summary>
    public const int Streams = 200;

    /// <summary>The number of open event streams of one token, so that a viewer leaves streams to the others.</summary>
    public const int StreamsPerToken = 20;

    /// <summary>The rates of requests; they do not count those of VMs.</summary>
    public static RequestRates.Settings Rates { get; } = new()
    {
        PerClient = new(400, 50), Total = new(1_000, 200), FailuresPerClient = new(30, 1), UnknownTokensPerClient = new(100, 5),
    };

    public bool IsTls => Certificate is not null;

    public static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address) || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6
            && IPAddress.IsLoopback(address.MapToIPv4()));
}
