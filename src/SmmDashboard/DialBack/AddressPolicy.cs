using System.Net;
using System.Net.NetworkInformation;
using SmmAgent.Contract;

namespace SmmDashboard.DialBack;

/// <summary>
/// Decides where a dial-back may connect to: a VM, but never the cluster, the dashboard itself or the metadata service of a cloud.
/// </summary>
public sealed class AddressPolicy
{
    private static readonly (IPNetwork Network, string What)[] Never =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "unspecified"),
        (IPNetwork.Parse("127.0.0.0/8"), "loopback"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local or cloud metadata"),
        (IPNetwork.Parse("100.100.100.200/32"), "cloud metadata"),
        (IPNetwork.Parse("168.63.129.16/32"), "cloud metadata"),
        (IPNetwork.Parse("192.0.0.192/32"), "cloud metadata"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("240.0.0.0/4"), "reserved or broadcast"),
        (IPNetwork.Parse("::/128"), "unspecified"),
        (IPNetwork.Parse("::1/128"), "loopback"),
        (IPNetwork.Parse("2001::/32"), "a Teredo address"),
        (IPNetwork.Parse("64:ff9b:1::/48"), "of a local NAT64 prefix"),
        // The whole blocks, which contain metadata services, name servers, clocks and credentials of pods.
        (IPNetwork.Parse("fd00:ec2::/32"), "cloud metadata"),
        (IPNetwork.Parse("fd20:ce::/32"), "cloud metadata"),
        (IPNetwork.Parse("fd00:c1::a9fe:a9fe/128"), "cloud metadata"),
        (IPNetwork.Parse("fd00:42::42/128"), "cloud metadata"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("fec0::/10"), "site-local"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
    ];

    private readonly IPNetwork[] _allowedAnyway;

    /// <param name="allowedAnyway">Networks that the rules do not apply to; for tests.</param>
    public AddressPolicy(params IPNetwork[] allowedAnyway) => _allowedAnyway = allowedAnyway;

    /// <summary>Returns the reason for which the dashboard does not connect to this address; null when it may connect.</summary>
    /// <exception cref="Http.UnavailableException">The ranges of the cluster are unknown now.</exception>
    public async ValueTask<string?> RefuseAsync(
        IPAddress address,
        NetworkModel model,
        IClusterRanges cluster,
        IReadOnlyCollection<IPAddress> own,
        CancellationToken cancellationToken)
    {
        if (_allowedAnyway.Any(network => network.Contains(address)))
            return null;

        var reason = FindFixedReason(address)
            ?? (own.Contains(address) ? "it is the dashboard's own" : await cluster.FindReasonAsync(address, model, cancellationToken));
        if (reason is not null)
            return $"{address} is not dialled: {reason}";

        return EmbeddedAddress.Extract(address) is { } embedded
            && await RefuseAsync(embedded, model, cluster, own, cancellationToken) is not null
                ? $"{address} is not dialled: it embeds {embedded}, which is not dialled either"
                : null;
    }

    /// <summary>Whether the address is refused in every cluster and on every host, for example loopback or cloud metadata.</summary>
    public bool IsAlwaysRefused(IPAddress address) =>
        !_allowedAnyway.Any(network => network.Contains(address))
        && (FindFixedReason(address) is not null || (EmbeddedAddress.Extract(address) is { } embedded && IsAlwaysRefused(embedded)));

    private static string? FindFixedReason(IPAddress address) =>
        address.ScopeIdOrZero() != 0 ? "it has a scope"
        : Never.FirstOrDefault(rule => rule.Network.Contains(address)).What is { } what ? $"it is {what}"
        : EmbeddedAddress.IsIsatap(address) ? "it is an ISATAP address"
        : null;

    /// <summary>The addresses of this host's interfaces.</summary>
    public static IReadOnlyCollection<IPAddress> OwnAddresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(link => link.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address),
    ];
}

internal static class Scopes
{
    public static long ScopeIdOrZero(this IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
