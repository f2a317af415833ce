using System.Text;
using System.Text.Json;

namespace SmmAgent.Contract.Yaml;

/// <summary>Writes JSON values as YAML, with the members in their order. Every string stays a string for YAML 1.1 and 1.2.</summary>
public static class YamlFromJson
{
    /// <summary>Writes one value.</summary>
    public static string Write(JsonElement root)
    {
        var text = new StringBuilder();
        if (IsEmptyOrScalar(root))
            text.Append(Scalar(root)).Append('\n');
        else
            Collection(text, root, 0);
        return text.ToString();
    }

    // The first line of an item of a list stands behind the dash, so the caller has written the indentation of it.
    private static void Collection(StringBuilder text, JsonElement value, int indent, bool isItem = false)
    {
        var isFirst = isItem;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                Indent(text, indent, ref isFirst).Append(YamlScalar.Format(member.Name)).Append(':');
                Value(text, member.Value, member.Value.ValueKind == JsonValueKind.Array ? indent : indent + 2);
            }

            return;
        }

        foreach (var item in value.EnumerateArray())
        {
            Indent(text, indent, ref isFirst).Append('-');
            if (IsEmptyOrScalar(item))
                text.Append(' ').Append(Scalar(item)).Append('\n');
            else
                Collection(text.Append(' '), item, indent + 2, isItem: true);
        }
    }

    private static void Value(StringBuilder text, JsonElement value, int indent)
    {
        if (IsEmptyOrScalar(value))
            text.Append(' ').Append(Scalar(value)).Append('\n');
        else
            Collection(text.Append('\n'), value, indent);
    }

    private static StringBuilder Indent(StringBuilder text, int indent, ref bool isFirst)
    {
        if (!isFirst)
            text.Append(' ', indent);
        isFirst = false;
        return text;
    }

    private static bool IsEmptyOrScalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => true,
    };

    private static string Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        JsonValueKind.String => YamlScalar.Format(value.GetString()!),
        _ => value.GetRawText(), // numbers, true, false and null are the same in YAML
    };
}
