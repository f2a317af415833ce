using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Watching;

internal enum WatchEvent
{
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,

    /// <summary>A type of a newer server.</summary>
    Unknown,
}

/// <summary>One line of a watch: <c>{"type":"ADDED","object":{…}}</c>.</summary>
internal static class WatchLine
{
    /// <summary>The fault of a name or a word that JSON's rules let pass.</summary>
    public const string NoText = "a string in it is not Unicode text";

    /// <summary>The event, and where its object is in the line.</summary>
    /// <exception cref="JsonException">The line is not an event.</exception>
    public static (WatchEvent Event, ReadOnlyMemory<byte> Object) Split(ReadOnlyMemory<byte> line)
    {
        try
        {
            return Find(line);
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException(NoText, exception);
        }
    }

    private static (WatchEvent Event, ReadOnlyMemory<byte> Object) Find(ReadOnlyMemory<byte> line)
    {
        var reader = new Utf8JsonReader(line.Span);
        WatchEvent? type = null;
        ReadOnlyMemory<byte>? item = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("a line of the watch is not a JSON object");

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            if (isType)
                type = Parse(reader.TokenType == JsonTokenType.String ? reader.GetString() : null);
            reader.Skip();
            if (isObject)
                item = line[from..(int)reader.BytesConsumed];
        }

        return type is { } known
            && item is { } there ? (known, there) : throw new JsonException("a line of the watch has no type or no object");
    }

    /// <summary>The metadata alone of an object whose other members cannot be read; null when the metadata cannot be read either.</summary>
    public static ObjectMeta? Metadata(ReadOnlyMemory<byte> item)
    {
        try
        {
            return Read(item.Span, KubernetesJson.Default.Namespace)?.Metadata;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static T? Read<T>(ReadOnlySpan<byte> item, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(item, type);

    private static WatchEvent Parse(string? type) => type switch
    {
        "ADDED" => WatchEvent.Added,
        "MODIFIED" => WatchEvent.Modified,
        "DELETED" => WatchEvent.Deleted,
        "BOOKMARK" => WatchEvent.Bookmark,
        "ERROR" => WatchEvent.Error,
        _ => WatchEvent.Unknown,
    };
}
