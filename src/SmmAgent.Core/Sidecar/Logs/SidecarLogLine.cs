using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SmmAgent.Core.Sidecar.Logs;

/// <summary>A line of the sidecar's logs: Istio's (text or JSON), Envoy's, or what a program wrote to stderr.</summary>
/// <param name="Time">Null when it has none.</param>
/// <param name="Text">The text after the time: one line, without control sequences of a terminal.</param>
internal sealed record SidecarLogLine(DateTimeOffset? Time, string Text)
{
    /// <summary>Whether Envoy wrote the line. Its times are local times of this host, despite the Z.</summary>
    public bool IsEnvoys => Text.StartsWith('[') || Text.Split(' ', 3) is [_, "envoy", ..];

    /// <returns>Null for a line of the access log, which is about clients, not about the sidecar.</returns>
    public static SidecarLogLine? Read(string raw)
    {
        var line = Clean(raw);
        return line switch
        {
            "" => null,
            ['{', ..] => OfJson(line),
            ['[', ..] => OfBrackets(line),
            _ when line.IndexOf(' ', StringComparison.Ordinal) is var space and > 0 && Moment(line[..space]) is { } time =>
                new(time, line[(space + 1)..]),
            _ => new(null, line),
        };
    }

    private static SidecarLogLine? OfJson(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var (level, scope, message) = (Member(document, "level"), Member(document, "scope"), Member(document, "msg"));
            return message is null ? null : new(Moment(Member(document, "time") ?? ""), Clean($"{level} {scope} {message}"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // cut off; InvalidOperationException: a string that is no Unicode
        }
    }

    private static string? Member(JsonDocument document, string name) =>
        document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // [2024-05-01 10:00:00.123][18][warning][config] text, which is Envoy's, or [2024-05-01T10:00:00.123Z] "GET / HTTP/1.1" 200
    private static SidecarLogLine? OfBrackets(string line)
    {
        var end = line.IndexOf(']', StringComparison.Ordinal);
        if (end < 0 || Moment(line[1..end]) is not { } time)
            return new(null, line);

        var text = line[(end + 1)..];
        return text.StartsWith(" \"", StringComparison.Ordinal) ? null : new(time, text.TrimStart());
    }

    private static DateTimeOffset? Moment(string text) =>
        text.Length is >= 19 and <= 40 && text[4] == '-' && text[7] == '-' && text[13] == ':'
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time)
            ? time
            : null;

    // A log that passed through another log has escaped tabs and colours.
    private static string Clean(string raw)
    {
        var text = raw.Contains('\\', StringComparison.Ordinal)
            ? raw.Replace("\\u0009", "\t", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
                .Replace("\\u001b", "\e", StringComparison.OrdinalIgnoreCase).Replace("\\x1b", "\e", StringComparison.OrdinalIgnoreCase)
            : raw;
        var line = new StringBuilder(text.Length);
        var isColour = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (isColour)
            {
                // ESC [ parameters, then one letter.
                isColour = rune.Value is '[' or ';' or (>= '0' and <= '9');
                continue;
            }

            isColour = rune.Value == '\e';
            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse) && rune.Value != ' ';
            if (isShown)
                line.Append(rune.ToString());
            else if (!isColour && line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().TrimEnd();
    }
}
