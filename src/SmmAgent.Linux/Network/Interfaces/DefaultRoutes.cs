using System.Globalization;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Linux.Network.Interfaces;

/// <summary>A default route of this VM.</summary>
public sealed record DefaultRoute(IpFamily Family, string Interface);

/// <summary>The default routes of the main routing table.</summary>
public static class DefaultRoutes
{
    // The flags of linux/route.h and ipv6_route.h: the route is in effect; the route rejects its packets.
    private const uint Up = 0x1;
    private const uint Reject = 0x200;

    /// <param name="procNet">The <c>/proc/net</c> of the network namespace. The default is not the link /proc/net, because it does not
    /// exist with ProcSubset=pid in the unit.</param>
    public static IReadOnlyList<DefaultRoute> Read(string procNet = "/proc/self/net") =>
    [
        // Interface, destination, gateway, flags, three counters, mask.
        .. from fields in Lines(Path.Combine(procNet, "route"))
           where fields.Length > 7 && IsZero(fields[1]) && IsZero(fields[7]) && IsInForce(fields[3])
           select new DefaultRoute(IpFamily.IPv4, fields[0]),

        // Destination and its length, source and its length, gateway, metric, two counters, flags, interface.
        .. from fields in Lines(Path.Combine(procNet, "ipv6_route"))
           where fields.Length > 9 && IsZero(fields[0]) && IsZero(fields[1]) && IsInForce(fields[8])
           select new DefaultRoute(IpFamily.IPv6, fields[9]),
    ];

    private static bool IsZero(string hex) => hex.AsSpan().TrimStart('0').IsEmpty;

    private static bool IsInForce(string flags) =>
        uint.TryParse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set) && (set & (Up | Reject)) == Up;

    private static IEnumerable<string[]> Lines(string file) => File.Exists(file) // no ipv6_route without IPv6
        ? File.ReadLines(file).Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        : [];
}
