using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>Networks in firewall rules.</summary>
public static class SourceNetworks
{
    public static IPNetwork Any(IpFamily family) => new(family == IpFamily.IPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);

    public static IpFamily Family(this IPNetwork network) =>
        network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? IpFamily.IPv4 : IpFamily.IPv6;

    /// <summary>The address of one host of IPv4, as iptables-save prints it: <c>192.0.2.1/32</c>, or without the length.</summary>
    /// <returns>Null for anything else.</returns>
    public static uint? IPv4Host(ReadOnlySpan<char> text)
    {
        if (text.EndsWith("/32"))
            text = text[..^3];
        uint address = 0;
        for (var part = 0; part < 4; part++)
        {
            var end = part == 3 ? text.Length : text.IndexOf('.');
            if (end is < 1 or > 3 || !byte.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            address = (address << 8) | number;
            text = part == 3 ? [] : text[(end + 1)..];
        }

        return address;
    }

    /// <summary>Whether the outer network contains all of the inner one.</summary>
    public static bool Covers(this IPNetwork outer, IPNetwork inner) =>
        outer.Family() == inner.Family() && outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);
}
