namespace SmmAgent.Contract;

/// <summary>The wait after failures in a row: it grows exponentially up to a maximum.</summary>
/// <param name="Initial">The wait after the first failure.</param>
/// <param name="Maximum">The longest wait.</param>
/// <param name="Factor">How much longer each wait is than the one before it.</param>
/// <param name="Jitter">The part of each wait that is random, from 0 to 1, so that many hosts do not retry in the same moment.</param>
public sealed record ExponentialBackoff(TimeSpan Initial, TimeSpan Maximum, double Factor = 2, double Jitter = 0)
{
    // A larger exponent always exceeds the maximum; an unlimited one would overflow.
    private const int MaximumExponent = 16;

    /// <summary>The wait.</summary>
    /// <param name="failures">The number of failures in a row, 1 or more.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive); used only with <see cref="Jitter"/>.</param>
    public TimeSpan After(int failures, double random = 0)
    {
        var wait = Initial * Math.Pow(Factor, Math.Clamp(failures - 1, 0, MaximumExponent));
        return (wait < Maximum ? wait : Maximum) * (1 - Jitter + (Jitter * random));
    }
}
