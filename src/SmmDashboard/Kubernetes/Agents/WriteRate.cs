namespace SmmDashboard.Kubernetes.Agents;

/// <summary>Limits the number of writes within any second.</summary>
public sealed class WriteRate(TimeProvider time, int perSecond)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Queue<DateTimeOffset> _last = new(perSecond);
    private readonly Lock _lock = new();

    /// <returns>Zero when a write may start, which is counted; otherwise the time to wait before asking again.</returns>
    public TimeSpan Ask()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            while (_last.TryPeek(out var oldest) && (now - oldest).Duration() >= Second)
                _last.Dequeue();
            if (_last.Count >= perSecond)
                return Second - (now - _last.Peek()).Duration();

            _last.Enqueue(now);
            return TimeSpan.Zero;
        }
    }

    /// <summary>Waits until a write may start.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (Ask() is var wait && wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellationToken);
    }
}
