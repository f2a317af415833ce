using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>
/// Reads and writes an enum as text. An unknown text, for example of a newer version, is read as <paramref name="unknown"/>.
/// </summary>
/// <param name="naming">How a member's name becomes the text; null for the name itself.</param>
/// <param name="unknown">The member for an unknown text.</param>
public abstract class TolerantEnumConverter<TEnum>(JsonNamingPolicy? naming, TEnum unknown) : JsonConverter<TEnum>
    where TEnum : struct, Enum
{
    private readonly Dictionary<string, TEnum> _values =
        Enum.GetValues<TEnum>().ToDictionary(value => Text(naming, value), StringComparer.Ordinal);

    /// <inheritdoc/>
    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Parse(reader.GetString()!) : throw new JsonException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Text(naming, value));

    /// <summary>The member that a text names.</summary>
    public TEnum Parse(string text) => _values.GetValueOrDefault(text, unknown);

    private static string Text(JsonNamingPolicy? naming, TEnum value) => naming is null ? $"{value}" : naming.ConvertName($"{value}");
}
