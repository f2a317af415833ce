namespace SmmAgent.Core.Time;

/// <summary>How long to wait after failures in a row: doubling, at most five minutes, a random half of it.</summary>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
public sealed class RetryDelay(Func<double> random)
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Maximum = TimeSpan.FromMinutes(5);

    /// <param name="failures">How many there were in a row, this one included.</param>
    /// <param name="asked">How long the other side asked to wait; null when it did not.</param>
    public TimeSpan After(int failures, TimeSpan? asked)
    {
        var delay = asked ?? First * Math.Pow(2, Math.Clamp(failures - 1, 0, 16));
        return asked is null
            ? (delay < Maximum ? delay : Maximum) * (0.5 + (random() / 2))
            : delay * (1 + (random() / 10));
    }
}
