using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>
/// Checks whether a JSON value can be read. JSON allows invalid UTF-8 and half a surrogate pair; reading such a string throws.
/// </summary>
public static class UnicodeText
{
    /// <summary>Whether every name and every string in the value is Unicode text. The value's depth must be limited.</summary>
    public static bool IsAllOf(JsonElement element)
    {
        try
        {
            return IsText(element);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsText(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString() is not null,
        JsonValueKind.Array => element.EnumerateArray().All(IsText),
        JsonValueKind.Object => element.EnumerateObject().All(member => member.Name is not null && IsText(member.Value)),
        _ => true,
    };
}
