using System.Buffers;
using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>Writes JSON documents, and members that may be null. <see cref="JsonInput"/> reads them.</summary>
public static class JsonOutput
{
    /// <summary>Writes a document of one object.</summary>
    /// <param name="write">Writes the members of the object.</param>
    public static byte[] Write<T>(T value, Action<Utf8JsonWriter, T> write, JsonWriterOptions options = default)
        where T : class
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options))
            writer.WriteItem(value, write);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a truth value or null.</summary>
    public static void WriteFlag(this Utf8JsonWriter writer, string name, bool? value)
    {
        if (value is { } flag)
            writer.WriteBoolean(name, flag);
        else
            writer.WriteNull(name);
    }

    /// <summary>Writes a number or null.</summary>
    public static void WriteNumber(this Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
            writer.WriteNumber(name, number);
        else
            writer.WriteNull(name);
    }

    /// <summary>Writes a time with its fraction and its offset, or null.</summary>
    public static void WriteTime(this Utf8JsonWriter writer, string name, DateTimeOffset? value)
    {
        if (value is { } time)
            writer.WriteString(name, time);
        else
            writer.WriteNull(name);
    }

    /// <summary>Writes a time or null; a time as <see cref="TimeText"/> formats it.</summary>
    public static void WriteWholeSeconds(this Utf8JsonWriter writer, string name, DateTimeOffset? value) =>
        writer.WriteString(name, value is { } time ? TimeText.Format(time) : null);

    /// <summary>Writes a list of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Writes an object or null.</summary>
    public static void WriteObject<T>(this Utf8JsonWriter writer, string name, T? value, Action<Utf8JsonWriter, T> write)
        where T : class
    {
        writer.WritePropertyName(name);
        writer.WriteItem(value, write);
    }

    /// <summary>Writes a list of objects.</summary>
    public static void WriteList<T>(this Utf8JsonWriter writer, string name, IReadOnlyList<T> values, Action<Utf8JsonWriter, T> write)
        where T : class
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteItem(value, write);
        writer.WriteEndArray();
    }

    private static void WriteItem<T>(this Utf8JsonWriter writer, T? value, Action<Utf8JsonWriter, T> write)
        where T : class
    {
        if (value is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        write(writer, value);
        writer.WriteEndObject();
    }
}
