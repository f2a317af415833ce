using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.Http;

/// <summary>The key of a client: its IPv4 address or its IPv6 /64, because one host usually has a /64.</summary>
public static class ClientAddress
{
    public static UInt128 Key(IPAddress? address)
    {
        if (address is null)
            return UInt128.Zero;

        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();

        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            bytes[10] = bytes[11] = 0xff;
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
            bytes[8..].Clear();
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
