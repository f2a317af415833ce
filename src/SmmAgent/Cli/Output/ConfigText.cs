using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <summary>Formats a configuration as text, as JSON or as YAML.</summary>
internal static class ConfigText
{
    private const int ValueWidth = 36;

    public static string Text(ConfigListing listing, bool colour)
    {
        using var text = new StringWriter { NewLine = "\n" };
        foreach (var group in listing.Entries.GroupBy(entry => entry.Group))
        {
            // All values of the mesh configuration have the same source, so the heading contains it.
            var source = group.Key == ConfigListing.MeshGroup ? group.First().Source : null;
            var width = group.Max(entry => entry.Key.Length) + 2;
            text.Write(source is null ? $"{group.Key}\n" : $"{group.Key} ({source})\n");
            foreach (var entry in group)
                text.Write(Line(entry, width, source is null, colour));
            text.WriteLine();
        }

        var marks = new Progress(text, colour);
        foreach (var what in listing.NotSeen)
            marks.Unreadable(what);
        foreach (var warning in listing.Warnings)
            marks.Warn(warning);
        foreach (var fault in listing.Faults)
            marks.Failed(fault);
        if (listing.Faults.Count > 0)
            marks.Failed("agent.yaml is invalid; the last valid settings stay in effect");
        return text.ToString().TrimEnd('\n') + "\n";
    }

    public static string Structured(ConfigListing listing, PrintFormat format) => StructuredText.Write(format, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("values");
        foreach (var entry in listing.Entries)
        {
            json.WriteStartObject();
            json.WriteString("group", entry.Group);
            json.WriteString("key", entry.Key);
            json.WritePropertyName("value");
            Write(json, entry.Typed);
            json.WriteString("source", entry.Source);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStrings("faults", listing.Faults);
        json.WriteStrings("warnings", listing.Warnings);
        json.WriteStrings("notSeen", listing.NotSeen);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case IReadOnlyList<int> numbers:
                json.WriteStartArray();
                foreach (var number in numbers)
                    json.WriteNumberValue(number);
                json.WriteEndArray();
                break;
            case IReadOnlyList<string> texts:
                json.WriteStartArray();
                foreach (var text in texts)
                    json.WriteStringValue(text);
                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue($"{value}");
                break;
        }
    }

    private static string Line(ConfigEntry entry, int width, bool withSource, bool colour)
    {
        var value = OneLine.ReplaceUnprintable(entry.Value);
        var start = $"  {OneLine.ReplaceUnprintable(entry.Key).PadRight(width)}";
        return !withSource ? $"{start}{value}\n"
            : colour ? $"{start}{value,-ValueWidth}  \e[90m{entry.Source}\e[0m\n"
            : $"{start}{value,-ValueWidth}  {entry.Source}\n";
    }
}
