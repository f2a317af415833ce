using System.Globalization;
using SmmAgent.Contract;

namespace SmmAgent.Core.Time;

/// <summary>How long a change waits for its confirmation, as operators write it: <c>120s</c>, <c>2m</c>, <c>1h</c>.</summary>
public static class ConfirmWindow
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <returns>The duration, or the reason why the text is invalid, in one line.</returns>
    public static (TimeSpan? Value, string? Reason) Parse(string text)
    {
        var unit = text.Length == 0 ? ' ' : text[^1];
        var seconds = unit switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        // .NET accepts NUL characters at the end of a number.
        if (seconds == 0 || !text[..^1].All(char.IsAsciiDigit)
            || !uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return (null, $"'{NameRules.Shown(text)}' is not a duration, for example 120s or 2m");

        // Compared as seconds, because the number may exceed the range of a TimeSpan.
        var total = (double)number * seconds;
        return total >= Shortest.TotalSeconds && total <= Longest.TotalSeconds ? (TimeSpan.FromSeconds(total), null)
            : (null, $"'{text}' is not between 10s and 1h, for example 120s or 2m");
    }
}
