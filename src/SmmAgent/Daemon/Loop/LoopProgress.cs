using System.Collections.Concurrent;

namespace SmmAgent.Daemon.Loop;

/// <summary>Which loops are at work and until when they should be done: the watchdog's proof of progress.</summary>
public sealed class LoopProgress(TimeProvider time)
{
    // Timestamps, not the time of day: a clock that is set makes no loop hang.
    private readonly ConcurrentDictionary<string, (long Since, TimeSpan Budget)> _working = new();

    /// <summary>Notes that a loop works until the returned scope ends.</summary>
    public IDisposable Working(string loop, TimeSpan budget)
    {
        _working[loop] = (time.GetTimestamp(), budget);
        return new Scope(this, loop);
    }

    /// <summary>The loops that should have been done by now.</summary>
    public IReadOnlyList<string> Hung() =>
    [
        .. _working.Where(entry => time.GetElapsedTime(entry.Value.Since) > entry.Value.Budget)
            .Select(entry => entry.Key).Order(StringComparer.Ordinal),
    ];

    private sealed class Scope(LoopProgress progress, string loop) : IDisposable
    {
        public void Dispose() => progress._working.TryRemove(loop, out _);
    }
}
