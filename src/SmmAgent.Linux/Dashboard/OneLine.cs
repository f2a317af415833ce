using System.Globalization;
using System.Text;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Makes text from the network fit for a message, a log line and a terminal.</summary>
public static class OneLine
{
    public const int MaximumCharacters = 200;

    /// <summary>The most characters of a problem's detail: a reason, and the command that cures it.</summary>
    public const int MaximumDetail = 400;

    /// <summary>One line of at most 200 characters, nothing in it that a terminal obeys.</summary>
    public static string Of(string? text) => Of(text, MaximumCharacters);

    /// <summary>The same with another limit, in characters.</summary>
    public static string Of(string? text, int maximum)
    {
        var line = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (line.Length >= maximum)
                return line.Append("...").ToString();

            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse);
            if (isShown)
                line.Append(rune.ToString());
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().Trim();
    }
}
