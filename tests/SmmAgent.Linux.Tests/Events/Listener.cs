using System.Collections.Concurrent;
using SmmAgent.Linux.Events;

namespace SmmAgent.Linux.Tests.Events;

/// <summary>Runs <see cref="HostEvents"/> on its thread and keeps the changes that it reports.</summary>
internal sealed class Listener : IDisposable
{
    // Far beyond anything that happens; only a failing test waits so long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly BlockingCollection<HostChange> _changes = [];
    private readonly BlockingCollection<(string Source, string? Reason)> _health = [];
    private readonly ManualResetEventSlim _mayGoOn = new(true);
    private readonly HostEvents _events;
    private readonly Thread _thread;
    private Exception? _fault;

    public Listener(ThreadNamespace? inside, TimeSpan firstRetry, params IReadOnlyList<EventSource> sources)
    {
        _events = new(sources, OnChanged, (source, reason) => _health.Add((source.Name, reason)), firstRetry);
        _thread = inside?.Start(Run) ?? new Thread(Run);
        if (inside is null)
            _thread.Start();
        _events.Listening.GetAwaiter().GetResult();
    }

    public Listener(ThreadNamespace? inside, params IReadOnlyList<EventSource> sources)
        : this(inside, TimeSpan.FromMilliseconds(10), sources)
    {
    }

    /// <summary>The number of callbacks that are not taken yet.</summary>
    public int Untaken => _changes.Count;

    public HostChange Next() =>
        _changes.TryTake(out var change, Patience) ? change : throw new TimeoutException("no change was reported");

    /// <summary>Takes changes until this one was among them.</summary>
    public void Until(HostChange expected)
    {
        while ((Next() & expected) == 0)
        {
        }
    }

    public (string Source, string? Reason) NextHealth() =>
        _health.TryTake(out var health, Patience) ? health : throw new TimeoutException("no change of a source was reported");

    /// <summary>Holds the thread in its next callback.</summary>
    public void Hold() => _mayGoOn.Reset();

    public void GoOn() => _mayGoOn.Set();

    public void Dispose()
    {
        _mayGoOn.Set();
        _events.Stop();
        Assert.True(_thread.Join(Patience));
        _events.Dispose();
        Assert.Null(_fault);
    }

    private void OnChanged(HostChange change)
    {
        _changes.Add(change);
        _mayGoOn.Wait(Patience);
    }

    private void Run()
    {
        try
        {
            _events.Run();
        }
        catch (Exception exception)
        {
            _fault = exception;
        }
    }
}
