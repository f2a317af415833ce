using System.Globalization;
using System.Text;

namespace SmmAgent.Contract;

/// <summary>Formats untrusted text for a message, a log line or a terminal: one line of visible characters.</summary>
/// <remarks>
/// A terminal interprets control characters. Bidirectional and invisible characters make a line appear as a different one.
/// </remarks>
public static class OneLine
{
    /// <summary>The maximum length of a text from the network in characters, unless the caller sets another limit.</summary>
    public const int MaximumCharacters = 200;

    /// <summary>The maximum length of a problem's detail in characters: a reason, and the command that fixes it.</summary>
    public const int MaximumDetail = 400;

    private const string Cut = "...";

    /// <summary>Returns one line of at most 200 characters. Each run of invisible characters becomes one space.</summary>
    public static string From(string? text) => From(text, MaximumCharacters);

    /// <summary>Returns one line of at most <paramref name="maximum"/> characters.</summary>
    public static string From(string? text, int maximum)
    {
        var line = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (line.Length >= maximum)
                return line.Append(Cut).ToString();

            if (IsPrintable(rune))
                line.Append(rune.ToString());
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().Trim();
    }

    /// <summary>Makes a sentence, for example of .NET or libc, the rest of one.</summary>
    public static string LowerFirst(string text) => text.Length == 0 ? text : $"{char.ToLowerInvariant(text[0])}{text[1..]}";

    /// <summary>Replaces each invisible character and changes nothing else.</summary>
    /// <param name="text">The text.</param>
    /// <param name="instead">The replacement: a space in a sentence, a question mark in a value.</param>
    /// <param name="maximum">The maximum length of the result; a longer text is cut and ends in three dots.</param>
    public static string ReplaceUnprintable(string text, char instead = ' ', int maximum = int.MaxValue)
    {
        var line = new StringBuilder(Math.Min(text.Length, maximum));
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsPrintable(rune))
                line.Append(rune.ToString());
            else
                line.Append(instead);
            if (line.Length <= maximum)
                continue;

            var end = maximum - Cut.Length;
            line.Length = char.IsLowSurrogate(line[end]) ? end - 1 : end;
            return line.Append(Cut).ToString();
        }

        return line.ToString();
    }

    /// <summary>Replaces invisible characters in a text of several lines. Only line feeds stay.</summary>
    public static string ReplaceUnprintableInLines(string text) =>
        string.Join('\n', text.Split('\n').Select(line => ReplaceUnprintable(line)));

    /// <summary>Whether a character is visible or a space, and is not interpreted by a terminal.</summary>
    public static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned)
        && (rune.Value is ' ' || Rune.GetUnicodeCategory(rune) != UnicodeCategory.SpaceSeparator)
        && !IsBlank(rune.Value);

    // Letters and marks that fonts do not draw: fillers, joiners and variation selectors (Unicode's Default_Ignorable_Code_Point), and
    // the Braille blank.
    private static bool IsBlank(int value) => value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F)
        or 0x2800 or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0100 and <= 0xE01EF);
}
