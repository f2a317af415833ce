using System.Diagnostics;

namespace SmmAgent.Linux.Interop;

/// <summary>CLOCK_MONOTONIC, the clock of poll(2). Not injected: the waits of the kernel know no other.</summary>
internal static class MonotonicTime
{
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
