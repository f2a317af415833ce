using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.DialBack;

/// <summary>
/// The dial-backs that wait for a connection. There is a limited number of connections, and each port of a dial-back is one. The next turn is of the WorkloadGroup that has the
/// fewest: a group whose VMs do not answer delays another one by the time of one connection.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="log">Gets a line when a group's queue is too long.</param>
public sealed class DialScheduler(TimeProvider clock, ILogger<DialScheduler> log)
{
    /// <summary>How many there are.</summary>
    public const int Connections = 64;

    /// <summary>Whoever would wait longer asks again later.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = []; // in the order in which they came
    private readonly Dictionary<GroupId, int> _used = [];
    private readonly LogLimiter _logLimiter = new(clock);
    private int _free = Connections;

    private sealed record Waiter(GroupId Group, int Ports)
    {
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Waits for the connections of a dial-back. Each is given back by <see cref="Leave"/>.</summary>
    /// <param name="group">Whose it is.</param>
    /// <param name="ports">How many connections it needs, at most <see cref="Connections"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the wait is too long.</returns>
    public async Task<bool> TryEnterAsync(GroupId group, int ports, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> node;
        lock (_lock)
        {
            // At the worst, each connection takes its whole time.
            var before = _waiting.Where(other => other.Group == group).Sum(other => other.Ports);
            if (before > 0 && before + ports > MaximumWaiting(group))
            {
                LogRejected(group);
                return false;
            }

            node = _waiting.AddLast(new Waiter(group, ports));
            StartWaiting();
        }

        await node.Value.Turn.Task.WaitAsync(LongestWait, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (node.List is null)
            {
                // It has its turn, also where that came at the last moment.
                if (!cancellationToken.IsCancellationRequested)
                    return true;
                Release(group, ports);
            }
            else
            {
                _waiting.Remove(node);
                // It may have been the one that the others waited for.
                StartWaiting();
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        LogRejected(group);
        return false;
    }

    /// <summary>One connection is over.</summary>
    public void Leave(GroupId group)
    {
        lock (_lock)
            Release(group, 1);
    }

    /// <summary>What a group's share of the connections gets through in the longest wait.</summary>
    private int MaximumWaiting(GroupId group)
    {
        var groups = _waiting.Select(other => other.Group).Concat(_used.Keys).Append(group).Distinct().Count();
        return Math.Max(Connections / 4, (int)(Connections / groups * (LongestWait / Dialler.Time)));
    }

    private void LogRejected(GroupId group)
    {
        if (_logLimiter.TryAcquire(out var withheld))
            log.TooLong($"{group}", LongestWait.TotalSeconds, withheld);
    }

    private void Release(GroupId group, int ports)
    {
        _free += ports;
        if ((_used[group] -= ports) == 0)
            _used.Remove(group);
        StartWaiting();
    }

    // The first that does not fit is waited for, so that one with many ports has its turn, too.
    private void StartWaiting()
    {
        while (Next() is { } next && next.Value.Ports <= _free)
        {
            _waiting.Remove(next);
            _free -= next.Value.Ports;
            _used[next.Value.Group] = _used.GetValueOrDefault(next.Value.Group) + next.Value.Ports;
            next.Value.Turn.TrySetResult();
        }
    }

    private LinkedListNode<Waiter>? Next()
    {
        LinkedListNode<Waiter>? next = null;
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            if (next is null || _used.GetValueOrDefault(node.Value.Group) < _used.GetValueOrDefault(next.Value.Group))
                next = node;
        }

        return next;
    }
}

internal static partial class DialSchedulerLog
{
    [LoggerMessage(500, LogLevel.Warning, "dial-backs of {Group} are answered 429: they would wait longer than {Seconds} s for those before them (and {Withheld} others since the last such line)")]
    public static partial void TooLong(this ILogger<DialScheduler> log, string group, double seconds, long withheld);
}
