using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Planning;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>Holds back a sidecar that keeps failing, so that its capture of traffic does not cut the host off.</summary>
/// <remarks>
/// After <see cref="MaximumFailures"/> failed starts in a row, or <see cref="NotAcceptingLimit"/> without accepting traffic, the sidecar is
/// stopped, each time for longer. Once it has run for <see cref="StableAfter"/> and is ready, its record is clean. The privileged reconcile
/// keeps the record in its report.
/// </remarks>
/// <param name="Restarts">systemd's count of automatic restarts at the last observation.</param>
/// <param name="Failures">Failed starts since the sidecar was last stable, or held.</param>
/// <param name="Holds">How often it was held since it was last stable.</param>
/// <param name="HeldUntil">When it may start again; null when it is not held.</param>
/// <param name="WasNotAccepting">Whether it is held because it accepted no traffic.</param>
public sealed record CrashLoop(
    int Restarts = 0,
    int Failures = 0,
    int Holds = 0,
    DateTimeOffset? HeldUntil = null,
    bool WasNotAccepting = false)
{
    public const int MaximumFailures = 3;

    public static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a sidecar may run and cut the host off: it captures all traffic, including the requests by which the agent fetches its
    /// token.
    /// </summary>
    public static readonly TimeSpan NotAcceptingLimit = TimeSpan.FromMinutes(3);

    public static readonly TimeSpan FirstHold = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(30);

    private static readonly ExponentialBackoff HoldTime = new(FirstHold, LongestHold, Jitter: 0.5);

    public bool IsHeld => HeldUntil is not null;

    /// <summary>Why the sidecar must not run now; null when it may.</summary>
    public string? Hold => HeldUntil is { } until
        ? (WasNotAccepting
            ? $"it ran for {NotAcceptingLimit.TotalMinutes:0} minutes without accepting the traffic that it captures"
            : $"it failed {MaximumFailures} times in a row") + $"; the next start is at {TimeText.Format(until)}"
        : null;

    /// <summary>The record after an observation.</summary>
    /// <param name="unit">The unit now; null when it could not be observed: then only the time has an effect.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive), so that not all VMs of a mesh return at the same time.</param>
    public CrashLoop Observe(SidecarUnit? unit, DateTimeOffset now, double random)
    {
        if (HeldUntil is { } until)
            return now < until && until - now <= LongestHold ? this : this with { HeldUntil = null, Restarts = unit?.Restarts ?? Restarts };
        if (unit is null)
            return this;
        if (unit is { Activity: UnitActivity.Running, IsReady: true, Since: { } since } && now - since >= StableAfter)
            return new(unit.Restarts);

        if (unit is { Activity: UnitActivity.Running, IsReady: false, IsNotAccepting: true, Since: { } begun }
            && now - begun >= NotAcceptingLimit)
            return Held(unit.Restarts, now, random) with { WasNotAccepting = true };

        // A unit that systemd has given up on is started again by each reconcile.
        var failed = (unit.Restarts >= Restarts ? unit.Restarts - Restarts : unit.Restarts)
            + (unit.Activity == UnitActivity.Failed ? 1 : 0);
        var next = this with { Restarts = unit.Restarts, Failures = Failures + failed };
        return next.Failures < MaximumFailures
            ? next
            : Held(unit.Restarts, now, random);
    }

    private CrashLoop Held(int restarts, DateTimeOffset now, double random) =>
        new(restarts, Failures: 0, Holds + 1, now + HoldTime.After(Holds + 1, random));
}
