using System.Diagnostics;

namespace SmmAgent.Linux.Interop;

/// <summary>CLOCK_MONOTONIC, the clock of poll and of libsystemd. Not injected: the kernel's waits know no other.</summary>
internal static class MonotonicTime
{
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
