using System.Diagnostics;

namespace SmmAgent.Linux.Interop;

/// <summary>CLOCK_MONOTONIC, the clock of poll(2). It is not injected, because the kernel uses no other clock for its waits.</summary>
internal static class MonotonicTime
{
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
