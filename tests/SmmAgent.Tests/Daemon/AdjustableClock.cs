using Microsoft.Extensions.Time.Testing;

namespace SmmAgent.Tests.Daemon;

/// <summary>A clock whose time of day is set, as by NTP or the resume of a VM, while timestamps and timers continue.</summary>
internal sealed class AdjustableClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
{
    public TimeSpan SetBy { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
