namespace SmmAgent.Core.Time;

/// <summary>How often something is cured that comes back: at once, then after 10 min, 30 min and each hour.</summary>
internal static class RemediationPacing
{
    /// <summary>The longest wait; after a time like this without the fault the count starts again.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private static readonly TimeSpan[] Waits = [TimeSpan.Zero, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)];

    /// <param name="done">How many times in a row it was cured.</param>
    /// <param name="last">When it was cured last; null when it was not.</param>
    /// <returns>When it may be cured again; null for now.</returns>
    public static DateTimeOffset? Next(int done, DateTimeOffset? last) =>
        last < DateTimeOffset.MaxValue - LongestWait ? last + (done < Waits.Length ? Waits[Math.Max(done, 0)] : LongestWait) : last;

    /// <summary>Whether the count starts again: the last cure is long ago and the fault is gone, or the clock was set back.</summary>
    public static bool IsOver(DateTimeOffset? last, bool isGone, DateTimeOffset now) => last > now || (isGone && now - last >= LongestWait);
}
