namespace SmmAgent.Core.Reachability;

/// <summary>A value that is observed repeatedly and changes only when two observations in a row agree.</summary>
/// <param name="Current">The value in force; its details are those of the newest observation that agreed.</param>
/// <param name="Since">Since when it is in force: the time of the first observation of it.</param>
/// <param name="Pending">The first observation of another value, until it is confirmed or dropped.</param>
public sealed record Debounced<T>(T Current, DateTimeOffset Since, Debounced<T>.Sample? Pending)
    where T : class
{
    /// <summary>Observations closer together than this see the same moment: the second does not confirm the first.</summary>
    public static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    /// <summary>The first observation takes effect at once.</summary>
    public static Debounced<T> First(T value, DateTimeOffset now) => new(value, now, null);

    /// <param name="same">Whether two values are equal in everything that is reported.</param>
    /// <param name="sameSide">Whether two values are both good or both bad; a change is confirmed by an observation of the same
    /// side.</param>
    public Debounced<T> Next(T value, DateTimeOffset now, Func<T, T, bool> same, Func<T, T, bool> sameSide)
    {
        if (same(Current, value))
            return new(value, Since, null);
        if (Pending is null || !sameSide(Pending.Value, value))
            return this with { Pending = new Sample(value, now) };
        // A clock that was set back must not hide the pending value until it has caught up.
        return now - Pending.At >= Apart || now < Pending.At ? new(value, Pending.At, null) : this;
    }

    public sealed record Sample(T Value, DateTimeOffset At);
}
