using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Watching;

/// <summary>One page of a list. Each object is read on its own, so that one that cannot be read does not hide the others.</summary>
/// <param name="ResourceVersion">Of the whole list.</param>
/// <param name="Continue">Empty on the last page.</param>
/// <param name="Items">The readable objects.</param>
/// <param name="Unreadable">The unreadable objects, each with the reason.</param>
internal sealed record ListPage<T>(
    string ResourceVersion, string Continue, IReadOnlyList<T> Items, IReadOnlyList<(ObjectKey Key, string Reason)> Unreadable)
    where T : KubernetesObject
{
    /// <exception cref="JsonException">The body is not a list of the API.</exception>
    public static ListPage<T> Read(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
    {
        try
        {
            return ReadPage(body, type);
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException(WatchLine.NoText, exception);
        }
    }

    private static ListPage<T> ReadPage(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
    {
        var reader = new Utf8JsonReader(body.Span);
        ListMeta? list = null;
        var items = new List<T>();
        var unreadable = new List<(ObjectKey, string)>();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("it is not a JSON object");

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            var isItems = reader.ValueTextEquals("items"u8);
            reader.Read();
            if (isMetadata)
                list = JsonSerializer.Deserialize(Slice(ref reader, body).Span, ListJson.Default.ListMeta);
            else if (isItems && reader.TokenType == JsonTokenType.StartArray)
                ReadItems(ref reader, body, type, items, unreadable);
            else
                reader.Skip();
        }

        return list is { ResourceVersion.Length: > 0 }
            ? new(list.ResourceVersion, list.Continue, items, unreadable)
            : throw new JsonException("it has no metadata.resourceVersion");
    }

    private static void ReadItems(
        ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, List<T> items, List<(ObjectKey, string)> unreadable)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var item = Slice(ref reader, body);
            try
            {
                if (WatchLine.Read(item.Span, type) is { } good)
                    items.Add(good);
            }
            catch (JsonException fault)
            {
                unreadable.Add((WatchLine.Metadata(item) is { } known ? ObjectKey.From(known) : new("", "?"), ApiException.Reason(fault)));
            }
        }
    }

    private static ReadOnlyMemory<byte> Slice(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        var from = (int)reader.TokenStartIndex;
        reader.Skip();
        return body[from..(int)reader.BytesConsumed];
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ListMeta))]
internal sealed partial class ListJson : JsonSerializerContext;
