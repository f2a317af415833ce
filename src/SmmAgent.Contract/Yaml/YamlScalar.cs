using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SmmAgent.Contract.Yaml;

/// <summary>Writes strings as YAML scalars that every reader reads as the same strings.</summary>
public static partial class YamlScalar
{
    // Words that are reserved in YAML 1.1, which Istio reads, or in 1.2. Words such as << and = are always quoted.
    private static readonly HashSet<string> Reserved =
        new(StringComparer.OrdinalIgnoreCase) { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

    /// <summary>Writes a value of agent.yaml, in a block or between braces. Addresses and URLs stay plain.</summary>
    public static string FormatSetting(string value) => IsPlainSetting(value) ? value : QuotedSetting(value);

    /// <summary>Writes a value as Istio's own writer quotes it, so that files can be compared.</summary>
    public static string Format(string text)
    {
        if (IsPlainWord().IsMatch(text.AsSpan()) && !Reserved.Contains(text))
            return text;

        return text.AsSpan().ContainsAny('"', '\\') && text.All(IsPrintable)
            ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
            : DoubleQuoted(text);
    }

    /// <summary>Whether a YAML reader may read the plain text as a number.</summary>
    public static bool IsNumberLike(string text) => NumberLike().IsMatch(text.AsSpan());

    private static bool IsPlainSetting(string value) =>
        value.Length > 0
        && (char.IsAsciiLetterOrDigit(value[0]) || value[0] == '/')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':')
        && value[^1] != ':'
        && !Reserved.Contains(value)
        && !LooksLikeANumber(value);

    // Some readers read 1e3, 0x1f, 0o7, 12:30 and 2026-01-02 as numbers, times or dates.
    private static bool LooksLikeANumber(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        || (char.IsAsciiDigit(value[0]) && value.All(c => char.IsAsciiHexDigit(c) || c is 'x' or 'o' or '_' or '-'))
        || (char.IsAsciiDigit(value[0]) && value.All(c => char.IsAsciiDigit(c) || c is ':' or '.' or '_')
            && value.Contains(':', StringComparison.Ordinal));

    private static string QuotedSetting(string value)
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

    private static bool IsPrintable(char c) => c is >= ' ' and < '\x7f' or >= '\xa0' and < '\ud800' and not ('\u2028' or '\u2029');

    private static string DoubleQuoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '\n' => "\\n",
                '\t' => "\\t",
                // Beyond the first plane, readers differ in which characters they treat as printable. All readers know the escape.
                > 0xffff => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
                var value when IsPrintable((char)value) => rune.ToString(),
                var value => string.Create(CultureInfo.InvariantCulture, $"\\u{value:X4}"),
            });
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z_/][-A-Za-z0-9_./@]*(:[-A-Za-z0-9_./@]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex IsPlainWord();

    [GeneratedRegex(
        @"^[-+]?(0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?"
        + @"|\.(inf|Inf|INF|nan|NaN|NAN))\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex NumberLike();
}
