using System.Buffers;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Contract.Yaml;

namespace SmmDashboard.Mesh;

/// <summary>Converts a YAML document to JSON. Duplicate keys are refused.</summary>
internal static class YamlJson
{
    /// <param name="text">The document.</param>
    /// <param name="limits">The limits on its size.</param>
    /// <param name="writePlain">Writes a scalar without quotes by the rules of a schema; returns null, or the reason of a refusal.</param>
    /// <returns>The JSON text, where an empty document is an empty object; or null and the reason.</returns>
    public static (byte[]? Json, string Fault) Convert(string text, YamlLimits limits, Func<string, Utf8JsonWriter, string?> writePlain)
    {
        var (root, fault) = YamlReader.Parse(text, limits);
        if (root is null)
            return (null, fault!.Reason);

        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        if (Write(root, writer, writePlain) is { } refusal)
            return (null, refusal);

        writer.Flush();
        return (buffer.WrittenSpan.ToArray(), "");
    }

    private static string? Write(YamlNode node, Utf8JsonWriter writer, Func<string, Utf8JsonWriter, string?> writePlain)
    {
        switch (node.Kind)
        {
            case YamlKind.Section:
                return WriteSection(node, writer, writePlain);
            case YamlKind.List:
                writer.WriteStartArray();
                foreach (var item in node.Items)
                {
                    if (Write(item, writer, writePlain) is { } refusal)
                        return refusal;
                }

                writer.WriteEndArray();
                return null;
            case YamlKind.Text when node.Quoted:
                writer.WriteStringValue(node.Text);
                return null;
            default:
                return writePlain(node.Text, writer) is { } reason ? $"line {node.Line}: {reason}" : null;
        }
    }

    private static string? WriteSection(YamlNode section, Utf8JsonWriter writer, Func<string, Utf8JsonWriter, string?> writePlain)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        writer.WriteStartObject();
        foreach (var member in section.Members)
        {
            if (!lines.TryAdd(member.Key, member.Line))
            {
                var key = NameRules.Shown(member.Key);
                return $"line {member.Line}: '{key}' is a duplicate key; the first one is in line {lines[member.Key]}";
            }

            writer.WritePropertyName(member.Key);
            if (Write(member.Value, writer, writePlain) is { } refusal)
                return refusal;
        }

        writer.WriteEndObject();
        return null;
    }
}
