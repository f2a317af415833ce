using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.DialBack;

/// <summary>
/// Schedules dial-backs on a limited number of connections, one per port. The next dial-back is taken from the WorkloadGroup with the
/// fewest connections, so a group of unresponsive VMs delays another group only by the time of one connection.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="log">Receives an event when the queue of a group is too long.</param>
public sealed class DialScheduler(TimeProvider clock, ILogger<DialScheduler> log)
{
    /// <summary>The number of connections.</summary>
    public const int Connections = 64;

    /// <summary>The longest wait. A dial-back that would wait longer is refused, and the agent retries later.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = []; // in order of arrival
    private readonly Dictionary<GroupId, int> _used = [];
    private readonly LogLimiter _logLimiter = new(clock);
    private int _free = Connections;

    private sealed record Waiter(GroupId Group, int Ports)
    {
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Waits for the connections of a dial-back. <see cref="Leave"/> returns each of them.</summary>
    /// <param name="group">The WorkloadGroup of the dial-back.</param>
    /// <param name="ports">The number of connections, at most <see cref="Connections"/>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False when the wait is too long.</returns>
    public async Task<bool> TryEnterAsync(GroupId group, int ports, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> node;
        lock (_lock)
        {
            // In the worst case, each connection takes the full time limit.
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
                // The dial-back was started, possibly at the last moment.
                if (!cancellationToken.IsCancellationRequested)
                    return true;
                Release(group, ports);
            }
            else
            {
                _waiting.Remove(node);
                // The others may have waited for this one.
                StartWaiting();
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        LogRejected(group);
        return false;
    }

    /// <summary>Returns one connection.</summary>
    public void Leave(GroupId group)
    {
        lock (_lock)
            Release(group, 1);
    }

    /// <summary>The number of ports that the share of a group can process within the longest wait.</summary>
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

    // Waits for the first one that does not fit, so that a dial-back with many ports is not starved.
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
    [LoggerMessage(
        5001, LogLevel.Warning,
        "Refusing dial-backs of {Group} with 429: they would wait longer than {Seconds} s for earlier ones "
        + "(and {Withheld} others since the last such message)")]
    public static partial void TooLong(this ILogger<DialScheduler> log, string group, double seconds, long withheld);
}
