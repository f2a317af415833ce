using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Events;

/// <summary>Changes of the host's own addresses and routes. Needs no privilege.</summary>
public sealed class AddressEvents() : NetlinkEvents(
    "address events", HostChange.Addresses, NetlinkRoute, [Ipv4Address, Ipv4Route, Ipv6Address, Ipv6Route], receiveBuffer: 1 << 18)
{
    private const int NetlinkRoute = 0;
    private const int Ipv4Address = 5;
    private const int Ipv4Route = 7;
    private const int Ipv6Address = 9;
    private const int Ipv6Route = 11;

    private const int HeaderLength = 16;
    private const int NewAddress = 20;
    private const int DeletedAddress = 21;
    private const int NewRoute = 24;
    private const int DeletedRoute = 25;
    private const int ScopeLink = 253;
    private const int TypeUnicast = 1;
    private const int RouteHeaderLength = 12;
    private const int AttributeDestination = 1;

    protected override HostChange ReadChange(ReadOnlySpan<byte> datagram) => Matters(datagram) ? Change : HostChange.None;

    private static bool Matters(ReadOnlySpan<byte> datagram)
    {
        while (datagram.Length >= HeaderLength)
        {
            var length = MemoryMarshal.Read<int>(datagram);
            if (length < HeaderLength || length > datagram.Length)
                return true; // Cut off: the rest may matter.
            if (MessageMatters(MemoryMarshal.Read<ushort>(datagram[4..]), datagram[HeaderLength..length]))
                return true;
            datagram = datagram[Math.Min((length + 3) & ~3, datagram.Length)..];
        }

        return false;
    }

    // Link-local addresses come and go with every container, and the kernel's own routes (local, multicast) with every address: ignored.
    private static bool MessageMatters(int type, ReadOnlySpan<byte> body) => type switch
    {
        NewAddress or DeletedAddress => body.Length < 8 || body[3] < ScopeLink,
        NewRoute or DeletedRoute => body.Length < RouteHeaderLength || (body[7] == TypeUnicast && !IsLinkLocal(body)),
        _ => false,
    };

    // Its destination is in fe80::/10.
    private static bool IsLinkLocal(ReadOnlySpan<byte> route)
    {
        var attributes = route[RouteHeaderLength..];
        while (attributes.Length >= 4)
        {
            var length = MemoryMarshal.Read<ushort>(attributes);
            if (length < 4 || length > attributes.Length)
                return false;
            if (MemoryMarshal.Read<ushort>(attributes[2..]) == AttributeDestination)
                return length == 4 + 16 && (BinaryPrimitives.ReadUInt16BigEndian(attributes[4..]) & 0xffc0) == 0xfe80;
            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }

        return false;
    }
}
