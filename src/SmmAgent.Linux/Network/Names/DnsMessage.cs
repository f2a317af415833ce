using System.Buffers.Binary;
using System.Text;

namespace SmmAgent.Linux.Network.Names;

/// <summary>The types of DNS records that hold an address.</summary>
public enum DnsRecordType : ushort
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>An IPv6 address.</summary>
    Aaaa = 28,
}

/// <summary>The result in the answer to one question.</summary>
public enum DnsAnswer
{
    /// <summary>The message is not an answer to the question, cannot be read, or reports a failure of the server.</summary>
    Unknown,

    /// <summary>The name has an address.</summary>
    Address,

    /// <summary>The name exists, but has no address of the type.</summary>
    NoAddress,

    /// <summary>NXDOMAIN: the name does not exist.</summary>
    NoSuchName,

    /// <summary>The answer was too large for UDP and must be requested over TCP.</summary>
    Truncated,
}

/// <summary>The parts of a DNS message (RFC 1035, section 4) that a question about one address needs.</summary>
/// <remarks>The framework resolves names, but cannot send a question to a given server.</remarks>
public static class DnsMessage
{
    /// <summary>The maximum size of a message, in bytes.</summary>
    public const int MaximumBytes = 4096;

    private const int HeaderBytes = 12;
    private const int RecordBytes = 10; // type, class, TTL and length, which follow the name
    private const int MaximumNameBytes = 255;
    private const int MaximumLabelBytes = 63;
    private const ushort Internet = 1;
    private const ushort RecursionDesired = 0x0100;
    private const ushort ResponseAndOperation = 0xf800;
    private const ushort ResponseToQuery = 0x8000;
    private const ushort IsTruncated = 0x0200;
    private const ushort ResponseCode = 0x000f;

    /// <summary>Creates a question about the addresses of a name.</summary>
    /// <param name="name">An absolute name, with or without the last dot.</param>
    /// <returns>The message; null when the name is not a DNS name.</returns>
    public static byte[]? Query(ushort id, string name, DnsRecordType type)
    {
        var labels = (name.EndsWith('.') ? name[..^1] : name).Split('.');
        if (!Ascii.IsValid(name) || labels.Any(label => label.Length is 0 or > MaximumLabelBytes)
            || labels.Sum(label => label.Length + 1) + 1 > MaximumNameBytes)
            return null;

        List<byte> message = Numbers(id, RecursionDesired, 1, 0, 0, 0).ToList();
        foreach (var label in labels)
            message.AddRange([(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        message.AddRange([0, .. Numbers((ushort)type, Internet)]);
        return message.ToArray();
    }

    /// <summary>Reads the answer of a server. It never throws, and reads each byte at most once.</summary>
    /// <param name="query">The question from <see cref="Query"/>.</param>
    public static DnsAnswer Read(ReadOnlySpan<byte> query, ReadOnlySpan<byte> answer)
    {
        var question = query[HeaderBytes..];
        if (answer.Length < HeaderBytes || !answer[..2].SequenceEqual(query[..2]))
            return DnsAnswer.Unknown;
        var flags = Number(answer[2..]);
        if ((flags & ResponseAndOperation) != ResponseToQuery || Number(answer[4..]) != 1
            || answer.Length < query.Length || !Ascii.EqualsIgnoreCase(Name(question), Name(answer[HeaderBytes..query.Length]))
            || !Type(question).SequenceEqual(Type(answer[HeaderBytes..query.Length])))
            return DnsAnswer.Unknown;

        return (flags & ResponseCode) switch
        {
            _ when (flags & IsTruncated) != 0 => DnsAnswer.Truncated,
            0 => Records(answer, query.Length, Number(answer[6..]), Number(Type(question))),
            3 => DnsAnswer.NoSuchName,
            _ => DnsAnswer.Unknown,
        };
    }

    private static DnsAnswer Records(ReadOnlySpan<byte> answer, int at, int count, ushort type)
    {
        var found = DnsAnswer.NoAddress;
        for (; count > 0; count--)
        {
            if (NameEnd(answer, at) is not { } end || end + RecordBytes > answer.Length)
                return DnsAnswer.Unknown;
            var record = answer[end..];
            var length = Number(record[8..]);
            at = end + RecordBytes + length;
            if (at > answer.Length)
                return DnsAnswer.Unknown;
            if (Number(record) != type || Number(record[2..]) != Internet)
                continue; // for example the CNAME that leads to the address
            if (length != (type == (ushort)DnsRecordType.A ? 4 : 16))
                return DnsAnswer.Unknown;
            found = DnsAnswer.Address;
        }

        return found;
    }

    // A pointer ends the name. It is not followed, because the question already determines the name of the record.
    private static int? NameEnd(ReadOnlySpan<byte> message, int at)
    {
        for (var start = at; at < message.Length && at - start < MaximumNameBytes; at += message[at] + 1)
        {
            switch (message[at])
            {
                case 0:
                    return at + 1;
                case >= 0xc0:
                    return at + 1 < message.Length && (Number(message[at..]) & 0x3fff) is >= HeaderBytes and var target
                        && target < start ? at + 2 : null;
                case > MaximumLabelBytes:
                    return null;
            }
        }

        return null;
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> question) => question[..^4];

    private static ReadOnlySpan<byte> Type(ReadOnlySpan<byte> question) => question[^4..];

    private static ushort Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static IEnumerable<byte> Numbers(params ushort[] numbers) =>
        numbers.SelectMany(number => new[] { (byte)(number >> 8), (byte)number });
}
