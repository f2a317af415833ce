using System.Collections.Concurrent;

namespace SmmAgent.Daemon.Loop;

/// <summary>Tracks the loops that work and their deadlines; the watchdog notification depends on it.</summary>
public sealed class LoopProgress(TimeProvider time)
{
    // Timestamps, not the time of day: setting the clock must not make a loop appear hung.
    private readonly ConcurrentDictionary<string, (long Since, TimeSpan Budget)> _working = new();

    /// <summary>Marks a loop as working until the returned scope ends.</summary>
    public IDisposable Working(string loop, TimeSpan budget)
    {
        _working[loop] = (time.GetTimestamp(), budget);
        return new Scope(this, loop);
    }

    /// <summary>The loops that have exceeded their budget.</summary>
    public IReadOnlyList<string> Hung() =>
        _working.Where(entry => time.GetElapsedTime(entry.Value.Since) > entry.Value.Budget)
            .Select(entry => entry.Key).Order(StringComparer.Ordinal).ToArray();

    private sealed class Scope(LoopProgress progress, string loop) : IDisposable
    {
        public void Dispose() => progress._working.TryRemove(loop, out _);
    }
}
