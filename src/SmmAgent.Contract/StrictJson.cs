using System.Text.Json;
using System.Text.Unicode;

namespace SmmAgent.Contract;

/// <summary>
/// The only reader of JSON from a peer. It refuses duplicate members, text that is not Unicode, and deep nesting.
/// </summary>
public static class StrictJson
{
    /// <summary>The maximum depth of all messages except a mesh configuration.</summary>
    public const int UsualDepth = 16;

    private const string NoText = "has a string that is not Unicode text";

    /// <summary>Parses one document.</summary>
    /// <param name="utf8">The text; the caller limits its size.</param>
    /// <param name="fault">What is wrong, for example <c>is not valid JSON: line 1, byte 7</c>; null when nothing is.</param>
    /// <param name="maximumDepth">How deep objects and lists may be nested.</param>
    /// <returns>The document; null with a fault.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> utf8, out string? fault, int maximumDepth = UsualDepth)
    {
        fault = null;
        try
        {
            var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = maximumDepth });
            // In valid UTF-8 only an escape sequence can contain half a surrogate pair.
            var isText = Utf8.IsValid(utf8.Span) && (utf8.Span.IndexOf("\\u"u8) < 0 || UnicodeText.IsAllOf(document.RootElement));
            if (isText)
                return document;

            document.Dispose();
            fault = NoText;
        }
        catch (JsonException exception)
        {
            fault = $"is not valid JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}";
        }
        catch (InvalidOperationException)
        {
            // Thrown when the parser compares an invalid name with others.
            fault = NoText;
        }

        return null;
    }

    /// <summary>Parses an object, and copies it out of its document.</summary>
    /// <returns>False when it is anything else.</returns>
    public static bool TryObject(ReadOnlyMemory<byte> utf8, out JsonElement value, int maximumDepth = UsualDepth)
    {
        using var document = Parse(utf8, out _, maximumDepth);
        value = document?.RootElement.Clone() ?? default;
        return value.ValueKind == JsonValueKind.Object;
    }
}
