using System.Threading.Channels;
using SmmAgent.Contract;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// The reports that are written later: the newest one of each machine. At most 50 are written in a second and 4 at a time. After a
/// transient failure the report returns to the queue, and the whole queue waits with a backoff.
/// </summary>
internal sealed class StatusQueue(MachineWriter writer, MachineFaults faults, MachineSeams seams)
{
    public const int PerSecond = 50;
    public const int AtOnce = 4;

    /// <summary>More machines than that are not queued: their next report tries again.</summary>
    public const int Most = 50_000;

    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Entry> _entries = [];
    private readonly PriorityQueue<ObjectKey, DateTimeOffset> _order = new();
    private readonly HashSet<ObjectKey> _writing = [];
    private readonly WriteRate _rate = new(seams.Time, PerSecond);
    private readonly LogLimiter _notWritten = new(seams.Time);
    private readonly WatchBackoff _backoff = new(seams.Time, seams.Random);
    private readonly Channel<bool> _wake =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DateTimeOffset _pausedUntil = DateTimeOffset.MinValue;
    private string? _waitingFor;
    private volatile Exception? _defect;
    private long _written;
    private long _dropped;

    private sealed record Entry(MachineReport Report, DateTimeOffset Due, bool IsChange);

    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count + _writing.Count;
        }
    }

    /// <summary>Reports written since the start.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Reports that were given up since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The reason why the queue waits; null while it does not.</summary>
    public string? WaitingFor => Volatile.Read(ref _waitingFor);

    /// <summary>The newest report that is not yet written; null without one.</summary>
    public MachineReport? Find(ObjectKey key)
    {
        lock (_lock)
            return _entries.GetValueOrDefault(key)?.Report;
    }

    /// <summary>Takes a report in the place of an older one. It is written when either is due.</summary>
    /// <param name="key">The machine.</param>
    /// <param name="report">The report.</param>
    /// <param name="due">When to write it.</param>
    /// <param name="isChange">Whether the report has changes. When the process stops, only such reports are written.</param>
    public void Put(ObjectKey key, MachineReport report, DateTimeOffset due, bool isChange)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var before))
            {
                if (before.Report.SeenAt > report.SeenAt)
                    return;
                (due, isChange) = (before.Due < due ? before.Due : due, isChange || before.IsChange);
            }
            else if (_entries.Count >= Most)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            _entries[key] = new(report, due, isChange);
            if (before?.Due != due)
                _order.Enqueue(key, due);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Removes the report of a machine that was written without the queue.</summary>
    public void Remove(ObjectKey key)
    {
        lock (_lock)
            _entries.Remove(key);
    }

    /// <summary>Writes reports that are due until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // A write that has begun ends by its own deadline, even when the process stops.
            if (Start(seams.Time.GetUtcNow(), CancellationToken.None) is { } wait)
                await PauseAsync(wait, cancellationToken);
        }
    }

    /// <summary>Writes the reports that have changes, for at most five seconds.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(FlushTime, seams.Time, cancellationToken);
        lock (_lock)
        {
            foreach (var (key, entry) in _entries.ToList())
            {
                _entries.Remove(key);
                if (!entry.IsChange)
                    continue;
                _entries[key] = entry with { Due = DateTimeOffset.MinValue };
                _order.Enqueue(key, DateTimeOffset.MinValue);
            }
        }

        while (Count > 0 && !deadline.Token.IsCancellationRequested)
        {
            if (Start(seams.Time.GetUtcNow(), deadline.Token) is { } wait)
                await PauseAsync(wait, deadline.Token);
        }

        if (Count is > 0 and var left)
            seams.Log.NotFlushed(left);
    }

    // Until the time is over, a report arrives, or the process stops.
    private async Task PauseAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (_defect is { } defect)
            throw new InvalidOperationException("a report was not written", defect);

        using var deadline = new Deadline(wait, seams.Time, cancellationToken);
        try
        {
            await _wake.Reader.ReadAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // The time is over, or the process stops.
        }
    }

    /// <summary>Starts the next write.</summary>
    /// <returns>Null when a write was started; otherwise the time until the next one is due.</returns>
    private TimeSpan? Start(DateTimeOffset now, CancellationToken cancellationToken)
    {
        ObjectKey key;
        Entry? entry;
        lock (_lock)
        {
            while (_order.TryPeek(out key, out var due)
                && (!_entries.TryGetValue(key, out entry) || entry.Due != due || _writing.Contains(key)))
                _order.Dequeue();
            if (_writing.Count >= AtOnce || !_order.TryPeek(out key, out _))
                return Timeout.InfiniteTimeSpan;

            entry = _entries[key];
            var start = entry.Due > _pausedUntil ? entry.Due : _pausedUntil;
            if (start > now)
                return start - now;
            if (_rate.Ask() is var wait && wait > TimeSpan.Zero)
                return wait;

            _order.Dequeue();
            _entries.Remove(key);
            _writing.Add(key);
        }

        _ = WriteAsync(key, entry, cancellationToken);
        return null;
    }

    private async Task WriteAsync(ObjectKey key, Entry entry, CancellationToken cancellationToken)
    {
        var again = false;
        try
        {
            if (await writer.WriteAsync(key, entry.Report, cancellationToken))
                Interlocked.Increment(ref _written);
            faults.Allowed(key.Namespace);
            Continue();
        }
        catch (ApiException fault)
        when (fault.IsTransient || fault.Fault is ApiFault.Conflict or ApiFault.Unauthorized or ApiFault.Untrusted)
        {
            again = true;
            Pause(fault);
        }
        catch (ApiException fault)
        {
            Interlocked.Increment(ref _dropped);
            if (fault.Fault == ApiFault.Forbidden)
                faults.Forbidden(key.Namespace, fault);
            else
            {
                // A webhook that refuses every write refuses fifty in a second.
                if (_notWritten.TryAcquire(out var withheld))
                    seams.Log.NotWritten(key, fault.Message, withheld);
            }
        }
        catch (OwnerUnknownException)
        {
            // The group is being deleted, and the machine with it.
            Interlocked.Increment(ref _dropped);
        }
        catch (OperationCanceledException)
        {
            // The end of the flush.
            again = true;
        }
        catch (Exception defect)
        {
            _defect = defect;
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _writing.Remove(key);
                if (again)
                    _entries.TryAdd(key, entry);
                // This includes a report that arrived during the write.
                if (_entries.TryGetValue(key, out var next))
                    _order.Enqueue(key, next.Due);
            }

            _wake.Writer.TryWrite(true);
        }
    }

    private void Pause(ApiException fault)
    {
        lock (_lock)
        {
            // Writes that failed together are one failure.
            if (_pausedUntil <= seams.Time.GetUtcNow())
                _pausedUntil = seams.Time.GetUtcNow() + _backoff.Next(fault.RetryAfter);
        }

        if (Interlocked.Exchange(ref _waitingFor, fault.Message) is null)
            seams.Log.Waiting(Count, fault.Message);
    }

    private void Continue()
    {
        if (Interlocked.Exchange(ref _waitingFor, null) is not null)
            seams.Log.WritesAgain(Count);
    }
}
