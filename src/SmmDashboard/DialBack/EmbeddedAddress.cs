using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.DialBack;

/// <summary>The IPv4 address that hides in an IPv6 address.</summary>
public static class EmbeddedAddress
{
    // IPv4-compatible, IPv4-translated (RFC 2765), NAT64 (RFC 6052).
    private static readonly IPNetwork[] InLastBytes =
    [
        IPNetwork.Parse("::/96"), IPNetwork.Parse("::ffff:0:0:0/96"), IPNetwork.Parse("64:ff9b::/96"),
    ];

    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether a tunnel leads to an IPv4 address (RFC 5214), in whatever network it is.</summary>
    public static bool IsIsatap(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
        && address.GetAddressBytes().AsSpan(8, 4) is [0x00 or 0x02, 0x00, 0x5e, 0xfe];

    /// <summary>The IPv4 address behind it; null when there is none. For <c>::</c> and <c>::1</c> too there is none.</summary>
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
