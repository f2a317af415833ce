using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SmmAgent.Testing;

/// <summary>Holds a document against a JSON schema. A keyword that it does not know is an error, so nothing passes unseen.</summary>
public sealed class JsonSchema(JsonElement root)
{
    public static JsonSchema Read(string path) => new(JsonDocument.Parse(File.ReadAllBytes(path)).RootElement);

    /// <returns>What is wrong, with its place; nothing when the document is valid.</returns>
    public IReadOnlyList<string> Faults(JsonElement document) => [.. Faults(root, document, "$")];

    private IEnumerable<string> Faults(JsonElement schema, JsonElement value, string at) =>
        schema.EnumerateObject().SelectMany(keyword => Faults(keyword, schema, value, at));

    private IEnumerable<string> Faults(JsonProperty keyword, JsonElement schema, JsonElement value, string at) => keyword.Name switch
    {
        "$schema" or "$defs" or "title" or "description" => [],
        "$ref" => Faults(Definition(keyword.Value.GetString()!), value, at),
        "type" => Unless(Types(keyword.Value).Any(type => Is(type, value)), $"{at} is {value.ValueKind}, not {keyword.Value}"),
        "enum" =>
            Unless(keyword.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
                $"{at} is {value}, not one of {keyword.Value}"),
        "pattern" =>
            Unless(value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, keyword.Value.GetString()!),
                $"{at} is '{value}', which {keyword.Value} does not match"),
        "format" when keyword.Value.GetString() == "date-time" => Unless(IsDateTime(value), $"{at} is {value}, no time of RFC 3339"),
        "minimum" => Unless(value.ValueKind != JsonValueKind.Number || value.GetDouble() >= keyword.Value.GetDouble(), $"{at} is {value}"),
        "minItems" =>
            Unless(value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= keyword.Value.GetInt32(), $"{at} has too few items"),
        "items" => value.ValueKind != JsonValueKind.Array ? []
            : value.EnumerateArray().SelectMany((item, index) => Faults(keyword.Value, item, $"{at}[{index}]")),
        "required" => value.ValueKind != JsonValueKind.Object ? []
            : keyword.Value.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _))
            .Select(name => $"{at} lacks {name}"),
        "properties" => value.ValueKind != JsonValueKind.Object ? []
            : keyword.Value.EnumerateObject().Where(property => value.TryGetProperty(property.Name, out _))
                .SelectMany(property => Faults(property.Value, value.GetProperty(property.Name), $"{at}.{property.Name}")),
        "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.False => value.ValueKind != JsonValueKind.Object ? []
            : value.EnumerateObject().Where(member => !schema.GetProperty("properties").TryGetProperty(member.Name, out _))
            .Select(member => $"{at} has {member.Name}, too"),
        _ => throw new NotSupportedException($"the keyword {keyword.Name} of the schema, at {at}"),
    };

    private JsonElement Definition(string reference) =>
        reference["#/".Length..].Split('/').Aggregate(root, (element, name) => element.GetProperty(name));

    private static IEnumerable<string> Unless(bool isGood, string fault) => isGood ? [] : [fault];

    private static IEnumerable<string> Types(JsonElement types) =>
        types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Select(type => type.GetString()!) : [types.GetString()!];

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => throw new NotSupportedException($"the type {type}"),
    };

    private static bool IsDateTime(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
        && value.GetString()!.Contains('T', StringComparison.Ordinal)
        && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
