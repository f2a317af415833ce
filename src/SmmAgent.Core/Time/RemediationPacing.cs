namespace SmmAgent.Core.Time;

/// <summary>The pacing of a repeated remediation: immediately, then after 10 min, 30 min, and then hourly.</summary>
internal static class RemediationPacing
{
    /// <summary>The longest wait. After this time without a failure the count starts again.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private static readonly TimeSpan[] Waits = [TimeSpan.Zero, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)];

    /// <param name="done">The number of remediations in a row.</param>
    /// <param name="last">The time of the last remediation; null if there was none.</param>
    /// <returns>The time of the next remediation; null for now.</returns>
    public static DateTimeOffset? Next(int done, DateTimeOffset? last) =>
        last < DateTimeOffset.MaxValue - LongestWait ? last + (done < Waits.Length ? Waits[Math.Max(done, 0)] : LongestWait) : last;

    /// <summary>
    /// Whether the count starts again: the last remediation is long ago and the failure is gone, or the clock was set back.
    /// </summary>
    public static bool IsOver(DateTimeOffset? last, bool isGone, DateTimeOffset now) => last > now || (isGone && now - last >= LongestWait);
}
