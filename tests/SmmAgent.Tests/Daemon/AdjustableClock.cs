using Microsoft.Extensions.Time.Testing;

namespace SmmAgent.Tests.Daemon;

/// <summary>A clock whose time of day somebody sets (by hand, NTP, a resumed VM), while timestamps and timers go on as before.</summary>
internal sealed class AdjustableClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
{
    public TimeSpan SetBy { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
