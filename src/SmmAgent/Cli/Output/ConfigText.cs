using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <summary>Formats a configuration as text, as JSON or as YAML.</summary>
internal static class ConfigText
{
    private const int MaximumValueWidth = 36;
    private const int Grey = 90;

    public static string Text(ConfigListing listing, OutputStyle style)
    {
        using var text = new StringWriter { NewLine = "\n" };
        foreach (var group in listing.Entries.GroupBy(entry => entry.Group))
        {
            // All values of the mesh configuration have the same source, so the heading contains it.
            var source = group.Key == ConfigListing.MeshGroup ? group.First().Source : null;
            source ??= group.Key == ConfigListing.SettingsGroup ? listing.File : null;
            Write("", "  ", source is null ? group.Key : $"{group.Key} ({source})");
            var (width, valueWidth) = (group.Max(entry => entry.Key.Length) + 2, group.Max(entry => entry.Value.Length));
            foreach (var entry in group)
                Line(entry, width, Math.Min(valueWidth, MaximumValueWidth), group.Key != ConfigListing.MeshGroup);
            text.WriteLine();
        }

        var marks = new Progress(text, style);
        foreach (var what in listing.NotSeen)
            marks.Unreadable(what);
        foreach (var warning in listing.Warnings)
            marks.Warn(warning);
        foreach (var fault in listing.Faults)
            marks.Failed(fault);
        if (listing.Faults.Count > 0)
            marks.Failed(listing.IsOther ? $"{listing.File} is invalid" : "agent.yaml is invalid; the last valid settings stay in effect");
        return style.Encode(text.ToString().TrimEnd('\n') + "\n");

        void Line(ConfigEntry entry, int width, int valueWidth, bool withSource)
        {
            var start = $"  {OneLine.ReplaceUnprintable(entry.Key).PadRight(width)}";
            var value = OneLine.ReplaceUnprintable(entry.Value);
            var source = entry.Source.StartsWith($"{listing.File}:", StringComparison.Ordinal)
                ? $"line {entry.Source[(listing.File.Length + 1)..]}" : entry.Source;
            Write(start, new string(' ', start.Length), withSource ? $"{value.PadRight(valueWidth)}  {style.Colour(source, Grey)}" : value);
        }

        void Write(string first, string next, string rest)
        {
            foreach (var line in TextWrap.Lines(first, next, rest, style.Width))
                text.WriteLine(line);
        }
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
}
