using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>Writes times in JSON as <see cref="TimeText"/> does, and reads any form of ISO 8601.</summary>
public sealed class WholeSecondsJsonConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(TimeText.Format(value));
}
