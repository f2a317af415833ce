using System.Text;

namespace SmmAgent.Core.Text;

/// <summary>Replaces the marks of the agent, and all other characters outside of ASCII, for a terminal that does not show UTF-8.</summary>
public static class AsciiText
{
    public static string From(string text)
    {
        if (Ascii.IsValid(text))
            return text;

        var ascii = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            ascii.Append(rune.IsAscii ? rune.ToString() : Replacement(rune.Value));
        return ascii.ToString();
    }

    /// <summary>Whether the locale of a process shows UTF-8.</summary>
    /// <remarks>As in systemd, a process without a locale (in a container, for example) is assumed to write to a modern terminal.</remarks>
    public static bool IsUtf8(Func<string, string?> variable)
    {
        var locale = ((string[])["LC_ALL", "LC_CTYPE", "LANG"]).Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        return locale is null
            || locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase);
    }

    // Each replacement has the width of its original, except for the arrow and the dots.
    private static string Replacement(int rune) => rune switch
    {
        '✓' => "+",
        '✗' => "x",
        '❯' => ">",
        '–' or '—' => "-",
        '→' => "->",
        '…' => "...",
        _ => "?",
    };
}
