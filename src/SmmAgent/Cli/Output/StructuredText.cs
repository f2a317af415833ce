using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Cli.Output;

/// <summary>Formats the JSON of a command for its output, as JSON or as YAML. Times are in UTC, RFC 3339, without fractions.</summary>
internal static class StructuredText
{
    /// <summary>The shortest time with a time zone: <c>2026-01-02T03:04:05Z</c>.</summary>
    private const int ShortestTime = 20;

    // "Unsafe" refers to HTML; this output is never part of HTML.
    private static readonly JsonWriterOptions Readable =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="write">Writes one value.</param>
    public static string Write(PrintFormat format, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            write(json);
        return Format(stream.ToArray(), format);
    }

    public static string Format(ReadOnlyMemory<byte> json, PrintFormat format)
    {
        using var document = JsonDocument.Parse(json);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Readable))
            Copy(writer, document.RootElement);
        var readable = stream.ToArray();
        if (format == PrintFormat.Json)
            return OneLine.ReplaceUnprintableInLines(Encoding.UTF8.GetString(readable)) + "\n";

        using var printed = JsonDocument.Parse(readable);
        return OneLine.ReplaceUnprintableInLines(YamlFromJson.Write(printed.RootElement));
    }

    /// <summary>A time as it is printed.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void Copy(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    Copy(json, member.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Copy(json, item);
                json.WriteEndArray();
                break;
            case JsonValueKind.String when value.GetString() is { Length: >= ShortestTime } text && text[10] == 'T'
                && value.TryGetDateTimeOffset(out var time):
                json.WriteStringValue(Time(time));
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }
}
