using System.Globalization;
using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>Describes an error of JSON without the names of types of .NET.</summary>
public static class JsonErrorText
{
    private const string Missing = "including: ";

    /// <summary>Describes the error: the missing member, or the member or the place of the first fault.</summary>
    public static string From(JsonException exception)
    {
        var message = exception.Message;
        if (exception is JsonInputException)
            return message;
        if (message.IndexOf(Missing, StringComparison.Ordinal) is >= 0 and var start)
            return $"it lacks {message[(start + Missing.Length)..].Split(". ", 2)[0].TrimEnd('.')}";

        var where = exception.LineNumber is { } line
            ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, byte {exception.BytePositionInLine + 1})")
            : "";
        return exception is { Path: { Length: > 1 } path } && message.Contains("could not be converted", StringComparison.Ordinal)
            ? $"{path.TrimStart('$', '.')} has a value of another type{where}"
            : $"it is not valid JSON{where}";
    }
}
