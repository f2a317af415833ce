using System.Globalization;

namespace SmmAgent.Core.Time;

/// <summary>
/// Reads durations as operators write them: <c>120</c> (seconds), <c>120s</c>, <c>2m</c>, <c>2min</c>, <c>1h</c>, <c>1m30s</c>.
/// </summary>
public static class DurationText
{
    private const int MaximumDigits = 10;

    /// <summary>A longer duration counts as this one: a thousand years.</summary>
    private const long MaximumSeconds = 1000L * 366 * 24 * 3600;

    private static readonly (string Name, int Seconds)[] Units =
        [("s", 1), ("sec", 1), ("m", 60), ("min", 60), ("h", 3600)];

    /// <returns>Null for a text that is not a duration. A number without a unit stands alone.</returns>
    public static TimeSpan? Parse(string text)
    {
        var total = 0L;
        var smallest = int.MaxValue;
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var digits = Count(rest, char.IsAsciiDigit);
            if (digits is 0 or > MaximumDigits)
                return null;

            var number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            var letters = Count(rest[digits..], char.IsAsciiLetterLower);
            var seconds = letters == 0 ? digits == text.Length ? 1 : 0 : Unit(rest.Slice(digits, letters));
            // The larger unit comes first, and each unit once: 1m30s, not 30s1m.
            if (seconds == 0 || seconds >= smallest)
                return null;

            total += number * seconds;
            smallest = seconds;
            rest = rest[(digits + letters)..];
        }

        return text.Length == 0 ? null : TimeSpan.FromSeconds(Math.Min(total, MaximumSeconds));
    }

    private static int Count(ReadOnlySpan<char> text, Func<char, bool> condition)
    {
        var count = 0;
        while (count < text.Length && condition(text[count]))
            count++;
        return count;
    }

    private static int Unit(ReadOnlySpan<char> name)
    {
        foreach (var unit in Units)
        {
            if (name.SequenceEqual(unit.Name))
                return unit.Seconds;
        }

        return 0;
    }
}
