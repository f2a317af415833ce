using System.Globalization;
using System.Text;

namespace SmmAgent.Core.Yaml;

/// <summary>Writes a value as a YAML scalar that every reader takes for the same text, in a block and between braces.</summary>
internal static class YamlWord
{
    private static readonly string[] Taken = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

    public static string Of(string value) => IsPlain(value) ? value : Quoted(value);

    private static bool IsPlain(string value) =>
        value.Length > 0
        && (char.IsAsciiLetterOrDigit(value[0]) || value[0] == '/')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':')
        && value[^1] != ':'
        && !Taken.Contains(value, StringComparer.OrdinalIgnoreCase)
        && !LooksLikeANumber(value);

    // 1e3, 0x1f, 0o7, 12:30 and 2026-01-02 are numbers, times or dates to one reader or another.
    private static bool LooksLikeANumber(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        || (char.IsAsciiDigit(value[0]) && value.All(c => char.IsAsciiHexDigit(c) || c is 'x' or 'o' or '_' or '-'))
        || (char.IsAsciiDigit(value[0]) && value.All(c => char.IsAsciiDigit(c) || c is ':' or '.' or '_') && value.Contains(':', StringComparison.Ordinal));

    private static string Quoted(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            if (c is '"' or '\\')
                text.Append('\\').Append(c);
            else if (c is >= ' ' and <= '~' || (char.IsLetterOrDigit(c) && !char.IsSurrogate(c)))
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }

        return text.Append('"').ToString();
    }
}
