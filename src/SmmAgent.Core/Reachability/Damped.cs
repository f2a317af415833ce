namespace SmmAgent.Core.Reachability;

/// <summary>A value that is looked at again and again, and that changes only when two looks in a row say so.</summary>
/// <param name="Shown">The value in force; its details are those of the newest look that agreed.</param>
/// <param name="Since">Since when it is in force: the first look that said so.</param>
/// <param name="Odd">The first look that said something else, until it is confirmed or forgotten.</param>
public sealed record Damped<T>(T Shown, DateTimeOffset Since, Damped<T>.Look? Odd)
    where T : class
{
    /// <summary>Looks closer together than this see the same moment: the second does not confirm the first.</summary>
    public static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    /// <summary>The first look decides at once.</summary>
    public static Damped<T> First(T value, DateTimeOffset now) => new(value, now, null);

    /// <param name="same">Whether two values differ in nothing that people are told of.</param>
    /// <param name="sameSide">Whether two values agree about good or bad; a change is confirmed by one of the same side.</param>
    public Damped<T> Next(T value, DateTimeOffset now, Func<T, T, bool> same, Func<T, T, bool> sameSide)
    {
        if (same(Shown, value))
            return new(value, Since, null);
        if (Odd is null || !sameSide(Odd.Value, value))
            return this with { Odd = new Look(value, now) };
        // A clock that was set back must not hide what is odd until it has caught up.
        return now - Odd.At >= Apart || now < Odd.At ? new(value, Odd.At, null) : this;
    }

    public sealed record Look(T Value, DateTimeOffset At);
}
