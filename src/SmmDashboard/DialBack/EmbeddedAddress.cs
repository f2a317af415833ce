using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.DialBack;

/// <summary>The IPv4 address that hides in an IPv6 address.</summary>
public static class EmbeddedAddress
{
    // IPv4-compatible, IPv4-translated (RFC 2765), NAT64 (RFC 6052), and the RFC 8215 block with the address in its last 32 bits.
    private static readonly IPNetwork[] InLastBytes =
    [
        IPNetwork.Parse("::/96"), IPNetwork.Parse("::ffff:0:0:0/96"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"),
    ];

    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>The IPv4 address behind it; null when there is none. For <c>::</c> and <c>::1</c> too there is none.</summary>
    public static IPAddress? Of(IPAddress address)
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
