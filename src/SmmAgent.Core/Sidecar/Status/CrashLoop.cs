using System.Text.Json.Serialization;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Time;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>Whether a sidecar that keeps failing is held back, so that its capture of traffic does not cut the host off.</summary>
/// <remarks>
/// After <see cref="MaximumFailures"/> failed starts in a row, or <see cref="NotAcceptingLimit"/> in which it took no traffic, it is stopped for a while, each time
/// for longer; a sidecar that has run for <see cref="StableAfter"/> and is ready has a clean record. Root keeps it between two looks.
/// </remarks>
/// <param name="Restarts">systemd's count of automatic restarts at the last look.</param>
/// <param name="Failures">Failed starts since the sidecar was last stable, or held.</param>
/// <param name="Holds">How often it was held since it was last stable.</param>
/// <param name="HeldUntil">When it may start again; null when it is not held.</param>
/// <param name="WasNotAccepting">Whether it is held because it took no traffic.</param>
public sealed record CrashLoop(
    int Restarts = 0,
    int Failures = 0,
    int Holds = 0,
    DateTimeOffset? HeldUntil = null,
    [property: JsonPropertyName("wasDeaf")] bool WasNotAccepting = false)
{
    public const int MaximumFailures = 3;

    public static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    /// <summary>How long a sidecar may run and cut the host off: it captures all traffic, also that by which the agent would fetch its token.</summary>
    public static readonly TimeSpan NotAcceptingLimit = TimeSpan.FromMinutes(3);

    public static readonly TimeSpan FirstHold = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(30);

    private static readonly Backoff HoldTime = new(FirstHold, LongestHold, Jitter: 0.5);

    public bool IsHeld => HeldUntil is not null;

    /// <summary>Why the sidecar must not run now; null when it may.</summary>
    public string? Hold => HeldUntil is { } until
        ? $"{(WasNotAccepting ? $"it ran for {NotAcceptingLimit.TotalMinutes:0} minutes without taking the traffic that it captured" : $"it failed {MaximumFailures} times in a row")}; the next start is at {until:u}"
        : null;

    /// <param name="unit">The unit now; null when it could not be seen: then nothing changes but the time.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive), so that not all VMs of a mesh come back at once.</param>
    public CrashLoop Observe(SidecarUnit? unit, DateTimeOffset now, double random)
    {
        if (HeldUntil is { } until)
            return now < until && until - now <= LongestHold ? this : this with { HeldUntil = null, Restarts = unit?.Restarts ?? Restarts };
        if (unit is null)
            return this;
        if (unit is { Activity: UnitActivity.Running, IsReady: true, Since: { } since } && now - since >= StableAfter)
            return new(unit.Restarts);

        if (unit is { Activity: UnitActivity.Running, IsReady: false, IsNotAccepting: true, Since: { } begun } && now - begun >= NotAcceptingLimit)
            return Held(unit.Restarts, now, random) with { WasNotAccepting = true };

        // What systemd has given up on is started again after each look.
        var failed = (unit.Restarts >= Restarts ? unit.Restarts - Restarts : unit.Restarts) + (unit.Activity == UnitActivity.Failed ? 1 : 0);
        var next = this with { Restarts = unit.Restarts, Failures = Failures + failed };
        return next.Failures < MaximumFailures
            ? next
            : Held(unit.Restarts, now, random);
    }

    private CrashLoop Held(int restarts, DateTimeOffset now, double random) => new(restarts, Failures: 0, Holds + 1, now + HoldTime.After(Holds + 1, random));
}
