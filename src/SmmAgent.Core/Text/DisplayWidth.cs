using System.Globalization;
using System.Text;

namespace SmmAgent.Core.Text;

/// <summary>Measures and cuts text in the columns of a terminal: a wide character has two, a combining one none.</summary>
public static class DisplayWidth
{
    private const string Cut = "...";

    // The blocks of East Asian characters and of pictures that terminals show in two columns (Unicode's East_Asian_Width W and F).
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF),
        (0x4E00, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6),
        (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <remarks>The colours of the agent's own marks have no width.</remarks>
    public static int Of(string text)
    {
        var columns = 0;
        var isColour = false;
        foreach (var rune in text.EnumerateRunes())
        {
            isColour |= rune.Value == '\e';
            columns += isColour ? 0 : Of(rune);
            isColour &= rune.Value != 'm';
        }

        return columns;
    }

    public static int Of(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
        : rune.Value >= Wide[0].First && Array.Exists(Wide, block => rune.Value >= block.First && rune.Value <= block.Last) ? 2
        : 1;

    /// <summary>Cuts a text that has more than <paramref name="columns"/> columns; a cut text ends in three dots.</summary>
    public static string Limit(string text, int columns)
    {
        if (Of(text) <= columns)
            return text;

        var cut = columns > Cut.Length ? Cut : "";
        var line = new StringBuilder();
        var used = cut.Length;
        foreach (var rune in text.EnumerateRunes())
        {
            used += Of(rune);
            if (used > columns)
                break;
            line.Append(rune.ToString());
        }

        return line.Append(cut).ToString();
    }
}
