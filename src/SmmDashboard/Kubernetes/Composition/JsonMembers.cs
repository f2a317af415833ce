using System.Text.Json;
using System.Text.RegularExpressions;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Members of Istio's configuration, which has two spellings of each name: trustDomain and trust_domain.</summary>
internal static partial class JsonMembers
{
    public static string CamelCase(string name) => Underscored().Replace(name, match => match.Groups[1].Value.ToUpperInvariant());

    /// <summary>The member; null when it is missing, null itself, or when this is not an object.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.EnumerateObject().Where(member => CamelCase(member.Name) == name).Select(member => member.Value)
        .FirstOrDefault() is var value
        && value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)
            ? value
            : null;

    /// <summary>The string below these members; null when it is not there or no string.</summary>
    public static string? Text(this JsonElement element, params ReadOnlySpan<string> path)
    {
        JsonElement? at = element;
        foreach (var name in path)
            at = at?.Member(name);
        return at is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
    }

    public static IEnumerable<JsonElement> Items(this JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Properties(this JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } value ? value.EnumerateObject() : [];

    /// <summary>Writes the value with the members of each object in order, so that their order in a source has no effect.</summary>
    public static void WriteSorted(this Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    writer.WriteSorted(member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    writer.WriteSorted(item);
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    [GeneratedRegex("_([a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Underscored();
}
