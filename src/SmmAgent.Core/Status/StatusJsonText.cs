using System.Text.Encodings.Web;
using System.Text.Json;

namespace SmmAgent.Core.Status;

/// <summary>Writes status.json in a readable form: only quotes, backslashes and control characters are escaped.</summary>
public static class StatusJsonText
{
    // "Unsafe" refers to HTML; the text is never embedded in HTML.
    private static readonly StatusJson Json = new(new JsonSerializerOptions(StatusJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write(AgentStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, Json.AgentStatus);
}
