using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>Writes and reads a network as a CIDR block.</summary>
public sealed class NetworkJsonConverter : JsonConverter<IPNetwork>
{
    /// <inheritdoc/>
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Cidr.ParseStrict(reader.GetString()!) is { } network
            ? network
            : throw new JsonException("not a CIDR block");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
