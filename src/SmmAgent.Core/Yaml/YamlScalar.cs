using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SmmAgent.Core.Yaml;

/// <summary>Writes a string as a YAML scalar that every reader takes for that string, quoted as Istio's own writer does it.</summary>
internal static partial class YamlScalar
{
    // YAML 1.1's, which Istio reads, and 1.2's. <<, = and the like are no plain words anyway.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase) { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

    public static string Of(string text)
    {
        if (IsPlainWord().IsMatch(text) && !Reserved.Contains(text))
            return text;

        return text.AsSpan().ContainsAny('"', '\\') && text.All(IsPrintable)
            ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
            : DoubleQuoted(text);
    }

    /// <summary>Whether some YAML reader takes the plain text for a number.</summary>
    public static bool IsNumberLike(string text) => NumberLike().IsMatch(text);

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
                // Beyond the first plane readers differ in what they take for printable; the escape all of them know.
                > 0xffff => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
                var value when IsPrintable((char)value) => rune.ToString(),
                var value => string.Create(CultureInfo.InvariantCulture, $"\\u{value:X4}"),
            });
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z_/][-A-Za-z0-9_./@]*(:[-A-Za-z0-9_./@]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex IsPlainWord();

    [GeneratedRegex(@"^[-+]?(0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF|nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberLike();
}
