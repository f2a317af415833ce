using SmmAgent.Contract;

namespace SmmAgent.Core.Time;

/// <summary>How long a change waits for its confirmation, as <see cref="DurationText"/> reads it.</summary>
public static class ConfirmWindow
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <returns>The duration, or the reason why the text is invalid, in one line.</returns>
    public static (TimeSpan? Value, string? Reason) Parse(string text) =>
        DurationText.Parse(text) is not { } duration ? (null, $"'{NameRules.Shown(text)}' is not a duration, for example 120s or 2m")
        : duration >= Shortest && duration <= Longest ? (duration, null)
        : (null, $"'{NameRules.Shown(text)}' is not between 10s and 1h, for example 120s or 2m");
}
