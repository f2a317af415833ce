using SmmAgent.Core.Status;

namespace SmmAgent.Daemon.Loop;

/// <summary>Counts events for the metrics. All services use one instance, from any thread.</summary>
public sealed class EventCounters
{
    private readonly long[] _counts = new long[EventCounts.None.Counts.Count];

    public EventCounts Current => new(Sequences.Range(0, _counts.Length).Select(at => Interlocked.Read(ref _counts[at])).ToArray());

    public void Add(CountedEvent counted, long count = 1) => Interlocked.Add(ref _counts[(int)counted], count);
}
