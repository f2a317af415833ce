using System.Net;
using SmmAgent.Contract;

namespace SmmDashboard.Address;

/// <summary>The proxies whose X-Forwarded-For is trusted.</summary>
public sealed record TrustedProxies(IReadOnlyList<IPNetwork> Networks)
{
    public static TrustedProxies None { get; } = new([]);

    public bool Contains(IPAddress address) => Networks.Any(network => network.Contains(address));
}

/// <summary>Finds the address of the client behind trusted proxies.</summary>
public static class ForwardedAddress
{
    // A proxy adds one of these.
    private static readonly string[] ProxyHeaders = ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Envoy-External-Address"];

    /// <summary>
    /// The address of the connection; if that is a trusted proxy, the last address of X-Forwarded-For that is not one. An address that a
    /// client puts there itself precedes those of the proxies, so it is not used.
    /// </summary>
    public static SeenAddress Find(IPAddress peer, IHeaderDictionary headers, TrustedProxies trusted)
    {
        peer = Normalize(peer);
        var viaProxy = trusted.Contains(peer) || ProxyHeaders.Any(headers.ContainsKey);
        if (!trusted.Contains(peer))
            return new(peer.ToString(), SeenAddress.FromConnection, viaProxy);

        var hops = headers["X-Forwarded-For"].SelectMany(value => (value ?? "").Split(',')).Select(hop => hop.Trim()).ToArray();
        foreach (var hop in hops.Reverse())
        {
            if (Parse(hop) is not { } address)
                break;
            if (!trusted.Contains(address))
                return new(address.ToString(), SeenAddress.FromForwarded, viaProxy);
        }

        return new(peer.ToString(), SeenAddress.FromConnection, viaProxy);
    }

    private static IPAddress? Parse(string hop) =>
        // Some proxies add the port.
        IPAddress.TryParse(hop, out var address) && (hop.Contains(':', StringComparison.Ordinal) || hop.Count(c => c == '.') == 3)
            ? Normalize(address)
            : hop.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(hop, out var endpoint) ? Normalize(endpoint.Address)
            : null;

    private static IPAddress Normalize(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPAddress(address.GetAddressBytes())
            : address;
}
