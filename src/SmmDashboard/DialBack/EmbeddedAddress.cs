using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.DialBack;

/// <summary>Finds the IPv4 address that an IPv6 address embeds.</summary>
public static class EmbeddedAddress
{
    // IPv4-compatible, IPv4-translated (RFC 2765), NAT64 (RFC 6052).
    private static readonly IPNetwork[] InLastBytes =
    [
        IPNetwork.Parse("::/96"), IPNetwork.Parse("::ffff:0:0:0/96"), IPNetwork.Parse("64:ff9b::/96"),
    ];

    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether the address is an ISATAP address (RFC 5214), which tunnels to an IPv4 address in any network.</summary>
    public static bool IsIsatap(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
        && address.GetAddressBytes().AsSpan(8, 4) is [0x00 or 0x02, 0x00, 0x5e, 0xfe];

    /// <summary>Extracts the IPv4 address; null when there is none.</summary>
    public static IPAddress? Extract(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;

        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();

        var bytes = address.GetAddressBytes();
        if (SixToFour.Contains(address))
            return new IPAddress(bytes.AsSpan(2, 4));

        return InLastBytes.Any(network => network.Contains(address)) ? new IPAddress(bytes.AsSpan(12, 4)) : null;
    }
}
