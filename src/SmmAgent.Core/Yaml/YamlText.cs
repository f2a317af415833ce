using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Contract.Yaml;
using SmmAgent.Core.Text;

namespace SmmAgent.Core.Yaml;

/// <summary>Writes JSON as a block of YAML, keys in the order of Istio's own writer.</summary>
internal static class YamlText
{
    // A longer key must be written in the long form.
    private const int LongestSimpleKey = 128;

    public static string Write(JsonObject root)
    {
        var text = new StringBuilder();
        Object(root, 0, text);
        return text.ToString();
    }

    private static void Object(JsonObject members, int indent, StringBuilder text)
    {
        foreach (var (name, value) in members.OrderBy(member => member.Key, NaturalOrder.Instance))
        {
            var key = YamlScalar.Format(name);
            if (key.Length > LongestSimpleKey)
                text.Append(' ', indent).Append("? ").Append(key).Append('\n').Append(' ', indent).Append(':');
            else
                text.Append(' ', indent).Append(key).Append(':');
            Value(value, indent, text);
        }
    }

    private static void Value(JsonNode? value, int indent, StringBuilder text)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } members:
                text.Append('\n');
                Object(members, indent + 2, text);
                break;
            case JsonArray { Count: > 0 } items:
                text.Append('\n');
                foreach (var item in items)
                    Item(item, indent, text);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    // The first line of an item follows its dash.
    private static void Item(JsonNode? item, int indent, StringBuilder text)
    {
        text.Append(' ', indent).Append('-');
        if (item is not (JsonObject { Count: > 0 } or JsonArray { Count: > 0 }))
        {
            text.Append(' ').Append(Scalar(item)).Append('\n');
            return;
        }

        var block = new StringBuilder();
        if (item is JsonObject members)
            Object(members, indent + 2, block);
        else
            foreach (var inner in item.AsArray())
                Item(inner, indent + 2, block);
        text.Append(block.Remove(0, indent + 1));
    }

    private static string Scalar(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when value.GetValueKind() == JsonValueKind.String => YamlScalar.Format(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };
}
