using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Cli.Output;

/// <summary>Formats the JSON of a command for its output, as JSON or as YAML.</summary>
internal static partial class StructuredText
{
    private const string HalfPair = "half";

    // "Unsafe" refers to HTML; this output is never part of HTML.
    private static readonly JsonWriterOptions Indented =
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
        using var document = JsonDocument.Parse(Readable(json));
        if (format != PrintFormat.Json)
            return OneLine.ReplaceUnprintableInLines(YamlFromJson.Write(document.RootElement));

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
            document.RootElement.WriteTo(writer);
        return OneLine.ReplaceUnprintableInLines(Encoding.UTF8.GetString(stream.ToArray())) + "\n";
    }

    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>
    /// Replaces what is not Unicode, because the user of the daemon may write any content into status.json: JSON allows invalid UTF-8
    /// and half a surrogate pair, and reading such a text throws.
    /// </summary>
    private static string Readable(ReadOnlyMemory<byte> json) => Escape().Replace(
        Encoding.UTF8.GetString(json.Span), match => match.Groups[HalfPair].Success ? @"\uFFFD" : match.Value);

    // Every escape sequence is matched, so that \\ud800 is a backslash and four letters.
    [GeneratedRegex(@"\\(?:[^u]|u[dD][89abAB]..\\u[dD][c-fC-F]..|(?<half>u[dD][89a-fA-F]..))", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();
}
