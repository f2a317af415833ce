using System.Buffers.Binary;
using System.Text;
using Serilog.Events;
using SmmAgent.Contract;

namespace SmmAgent.Logging;

/// <summary>Writes a datagram of journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).</summary>
public static class JournalMessage
{
    private const int MaximumName = 64;

    /// <param name="limit">The maximum bytes of a value; the rest is cut off.</param>
    public static byte[] Write(LogEvent logEvent, string message, int limit)
    {
        var datagram = new MemoryStream();
        Field(datagram, "MESSAGE", message, limit);
        Field(datagram, "PRIORITY", LogText.Priority(logEvent).ToString(System.Globalization.CultureInfo.InvariantCulture), limit);
        Field(datagram, "SYSLOG_IDENTIFIER", "smm-agent", limit);
        if (logEvent.Exception is { } exception)
            Field(datagram, "SMM_EXCEPTION", exception.GetType().FullName!, limit);
        foreach (var (name, value) in logEvent.Properties)
        {
            if (Text(value) is { } text)
                Field(datagram, FieldName(name), text, Math.Min(limit, 4096));
        }

        return datagram.ToArray();
    }

    /// <summary><c>RetryAfter</c> becomes <c>SMM_RETRY_AFTER</c>; characters that the journal does not allow become underscores.</summary>
    public static string FieldName(string property)
    {
        var name = new StringBuilder("SMM");
        for (var i = 0; i < property.Length && name.Length < MaximumName - 1; i++)
        {
            var c = property[i];
            if (i == 0 || (char.IsAsciiLetterUpper(c) && !char.IsAsciiLetterUpper(property[i - 1])))
                name.Append('_');
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_');
        }

        return name.ToString();
    }

    // Microsoft.Extensions.Logging provides the event id as a structure.
    private static string? Text(LogEventPropertyValue value) => value switch
    {
        ScalarValue { Value: null } => null,
        ScalarValue { Value: string text } => OneLine.ReplaceUnprintableInLines(text),
        ScalarValue scalar => scalar.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        StructureValue structure => structure.Properties.FirstOrDefault(property => property.Name == "Id") is { } id
            ? Text(id.Value)
            : null,
        _ => OneLine.ReplaceUnprintableInLines(value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)),
    };

    // A value with a line break is preceded by its length; any other ends with its line.
    private static void Field(MemoryStream datagram, string name, string value, int limit)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        var content = bytes.AsSpan(0, Whole(bytes, limit));
        datagram.Write(Encoding.ASCII.GetBytes(name));
        if (content.Contains((byte)'\n'))
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)content.Length);
            datagram.WriteByte((byte)'\n');
            datagram.Write(length);
        }
        else
        {
            datagram.WriteByte((byte)'=');
        }

        datagram.Write(content);
        datagram.WriteByte((byte)'\n');
    }

    // A character is never split.
    private static int Whole(byte[] utf8, int limit)
    {
        if (utf8.Length <= limit)
            return utf8.Length;
        var length = limit;
        while (length > 0 && (utf8[length] & 0xC0) == 0x80)
            length--;
        return length;
    }
}
