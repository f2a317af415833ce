using System.Text.Json;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>Reads the JSON of nft without exceptions: a value of an unexpected shape is null.</summary>
internal static class NftJson
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    public static JsonElement? Member(this JsonElement? element, string name) => element?.Member(name);

    public static string? Text(this JsonElement? element) => element is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static int? Integer(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var number) ? number : null;

    public static IEnumerable<JsonElement> Items(this JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>The only member of an object, such as a statement: nft prints one.</summary>
    public static (string Name, JsonElement Value)? Only(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var member in element.EnumerateObject())
            return (member.Name, member.Value);
        return null;
    }
}
