using System.Globalization;

namespace SmmAgent.Fuzz.Engine;

/// <summary>A property does not hold for an input.</summary>
public sealed class PropertyException(string message) : Exception(message)
{
    public static void Unless(bool holds, string property)
    {
        if (!holds)
            throw new PropertyException(property);
    }

    /// <summary>Printed foreign input is one line, and cannot move the cursor or change the order of characters.</summary>
    public static void UnlessLine(string? text, string what)
    {
        if (text is not null && text.Any(IsUnprintable))
            throw new PropertyException(
                $"{what} is not one printable line: "
                + $"{string.Concat(text.Select(c => IsUnprintable(c) ? $"\\u{(int)c:x4}" : c.ToString()))}");
    }

    private static bool IsUnprintable(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
