using SmmAgent.Contract;

namespace SmmAgent.Core.Time;

/// <summary>The wait before a call to the dashboard is repeated: a backoff with jitter, or the time that the dashboard asked for.</summary>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
public sealed class RetryDelay(Func<double> random)
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Maximum = TimeSpan.FromMinutes(5);

    private static readonly ExponentialBackoff Backoff = new(First, Maximum, Jitter: 0.5);

    /// <param name="failures">The number of failures in a row, including this one.</param>
    /// <param name="asked">The wait that the dashboard asked for; null without one.</param>
    public TimeSpan After(int failures, TimeSpan? asked) =>
        asked is { } wait ? wait * (1 + (random() / 10)) : Backoff.After(failures, random());
}
