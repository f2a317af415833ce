using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace SmmAgent.Linux.Firewall;

/// <summary>One message of nftables' netlink protocol, as bytes: header, family, attributes.</summary>
internal static class NetlinkMessage
{
    private const int HeaderLength = 20; // nlmsghdr and nfgenmsg
    private const int AttributeTypes = 0x3fff;

    public static byte[] Build(int type, int flags, uint sequence, byte family, ushort resource, params ReadOnlySpan<byte[]> attributes)
    {
        var message = new byte[HeaderLength + attributes.ToArray().Sum(attribute => attribute.Length)];
        MemoryMarshal.Write(message, message.Length);
        MemoryMarshal.Write(message.AsSpan(4), (ushort)type);
        MemoryMarshal.Write(message.AsSpan(6), (ushort)flags);
        MemoryMarshal.Write(message.AsSpan(8), sequence);
        message[16] = family;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(18), resource);
        var at = HeaderLength;
        foreach (var attribute in attributes)
        {
            attribute.CopyTo(message, at);
            at += attribute.Length;
        }

        return message;
    }

    public static byte[] Text(int type, string value) => Attribute(type, Encoding.ASCII.GetBytes(value + "\0"));

    public static byte[] Number(int type, uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Attribute(type, bytes);
    }

    /// <summary>Cuts a datagram into its messages: each one's type, sequence number and what follows its nlmsghdr.</summary>
    public static List<(int Type, uint Sequence, byte[] Body)> Split(ReadOnlySpan<byte> datagram)
    {
        List<(int Type, uint Sequence, byte[] Body)> messages = [];
        while (datagram.Length >= 16 && MemoryMarshal.Read<int>(datagram) is var length && length >= 16 && length <= datagram.Length)
        {
            var type = MemoryMarshal.Read<ushort>(datagram[4..]);
            messages.Add((type, MemoryMarshal.Read<uint>(datagram[8..]), datagram[16..length].ToArray()));
            datagram = datagram[Math.Min(Aligned(length), datagram.Length)..];
        }

        return messages;
    }

    /// <summary>The attributes of a message's body, by type.</summary>
    public static Dictionary<int, byte[]> Attributes(byte[] body)
    {
        Dictionary<int, byte[]> attributes = [];
        var rest = body.AsSpan(Math.Min(4, body.Length)); // behind nfgenmsg
        while (rest.Length >= 4 && MemoryMarshal.Read<ushort>(rest) is var length && length >= 4 && length <= rest.Length)
        {
            attributes[MemoryMarshal.Read<ushort>(rest[2..]) & AttributeTypes] = rest[4..length].ToArray();
            rest = rest[Math.Min(Aligned(length), rest.Length)..];
        }

        return attributes;
    }

    private static byte[] Attribute(int type, ReadOnlySpan<byte> value)
    {
        var attribute = new byte[Aligned(4 + value.Length)];
        MemoryMarshal.Write(attribute, (ushort)(4 + value.Length));
        MemoryMarshal.Write(attribute.AsSpan(2), (ushort)type);
        value.CopyTo(attribute.AsSpan(4));
        return attribute;
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}
