using System.Globalization;
using System.Text;

namespace SmmAgent.Contract;

/// <summary>Makes foreign text fit for a message, a log line and a terminal: one line of characters that can be seen.</summary>
/// <remarks>A terminal obeys control characters; a bidirectional or an invisible character makes a line read as something that it is
/// not.</remarks>
public static class OneLine
{
    /// <summary>The most characters of a text from the network, unless the caller has another limit.</summary>
    public const int MaximumCharacters = 200;

    /// <summary>The most characters of a problem's detail: a reason, and the command that cures it.</summary>
    public const int MaximumDetail = 400;

    private const string Cut = "...";

    /// <summary>One line of at most 200 characters; what cannot be seen becomes one space.</summary>
    public static string From(string? text) => From(text, MaximumCharacters);

    /// <summary>The same with another limit, in characters.</summary>
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

    /// <summary>The text with each character that cannot be seen replaced, and nothing else changed.</summary>
    /// <param name="text">The text.</param>
    /// <param name="instead">What stands for such a character: a space in a sentence, a question mark in a value.</param>
    /// <param name="maximum">The most characters of the result; a longer text ends in three dots.</param>
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

    /// <summary>The same for a text of several lines: only its line feeds stay.</summary>
    public static string ReplaceUnprintableInLines(string text) =>
        string.Join('\n', text.Split('\n').Select(line => ReplaceUnprintable(line)));

    /// <summary>Whether a character can be seen, or is a space, and nothing obeys it.</summary>
    public static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned)
        && (rune.Value is ' ' || Rune.GetUnicodeCategory(rune) != UnicodeCategory.SpaceSeparator)
        && !IsBlank(rune.Value);

    // Letters and marks that no font draws: fillers, joiners and variation selectors (Unicode's Default_Ignorable_Code_Point), and
    // Braille's blank.
    private static bool IsBlank(int value) => value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F)
        or 0x2800 or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0100 and <= 0xE01EF);
}
