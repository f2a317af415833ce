namespace SmmAgent.Core.Sidecar;

/// <summary>Whether a sidecar that keeps failing is held back, so that its capture of traffic does not cut the host off.</summary>
/// <remarks>
/// After <see cref="MostFailures"/> failed starts in a row it is stopped for a while, each time for longer; a sidecar that was ready for
/// <see cref="Stable"/> starts with a clean record. It is kept between looks by whoever looks.
/// </remarks>
/// <param name="Restarts">systemd's count of automatic restarts at the last look.</param>
/// <param name="Failures">Failed starts since the sidecar was last stable, or held.</param>
/// <param name="Holds">How often it was held since it was last stable.</param>
/// <param name="HeldUntil">When it may start again; null when it is not held.</param>
/// <param name="ReadySince">Since when it has been ready without a restart; null while it is not.</param>
public sealed record CrashLoop(int Restarts = 0, int Failures = 0, int Holds = 0, DateTimeOffset? HeldUntil = null, DateTimeOffset? ReadySince = null)
{
    public const int MostFailures = 3;

    public static readonly TimeSpan Stable = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan FirstHold = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(30);

    public bool IsHeld => HeldUntil is not null;

    /// <summary>Why the sidecar must not run now; null when it may.</summary>
    public string? Hold => HeldUntil is { } until ? $"it failed {MostFailures} times in a row; the next start is at {until:u}" : null;

    /// <param name="unit">The unit now; null when it could not be seen: then nothing changes but the time.</param>
    /// <param name="restarts">systemd's count of its automatic restarts; a start by hand sets it back.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive), so that not all VMs of a mesh come back at once.</param>
    public CrashLoop Look(SidecarUnit? unit, int restarts, DateTimeOffset now, double random)
    {
        if (HeldUntil is { } until)
            return now < until && until - now <= LongestHold ? this : this with { HeldUntil = null, Restarts = restarts };
        if (unit is null)
            return this;

        // What systemd has given up on is started again after each look.
        var failed = (restarts >= Restarts ? restarts - Restarts : restarts) + (unit.Activity == UnitActivity.Failed ? 1 : 0);
        var isReady = unit is { Activity: UnitActivity.Running, IsReady: true };
        DateTimeOffset? readySince = !isReady ? null : failed > 0 ? now : ReadySince ?? now;
        var next = this with { Restarts = restarts, Failures = Failures + failed, ReadySince = readySince };
        if (readySince is { } since && now - since >= Stable)
            return next with { Failures = 0, Holds = 0 };

        return next.Failures < MostFailures
            ? next
            : next with { Failures = 0, Holds = Holds + 1, HeldUntil = now + HoldTime(random), ReadySince = null };
    }

    private TimeSpan HoldTime(double random)
    {
        var time = FirstHold * Math.Pow(2, Math.Min(Holds, 16));
        return (time < LongestHold ? time : LongestHold) * (0.5 + (random / 2));
    }
}
