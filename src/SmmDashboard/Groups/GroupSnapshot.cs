namespace SmmDashboard.Groups;

/// <summary>A WorkloadGroup at one moment, and the long-poll requests that wait until it is replaced or removed.</summary>
public sealed class GroupSnapshot(GroupEntry entry)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private bool _isSuperseded;

    public GroupEntry Entry { get; } = entry;

    /// <summary>The number of waiting requests.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits until this snapshot is superseded, the time has passed or the request is aborted.</summary>
    /// <remarks>
    /// The requests are in a list of this class, because a request that leaves the list of a <see cref="Task"/> costs time for each other
    /// one.
    /// </remarks>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var end = new LinkedListNode<TaskCompletionSource>(new(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var timer = clock.CreateTimer(End, end.Value, time, Timeout.InfiniteTimeSpan);
        await using var aborted = cancellationToken.UnsafeRegister(End, end.Value);
        lock (_lock)
        {
            if (_isSuperseded)
                return;
            _waiting.AddLast(end);
        }

        await end.Value.Task;
        lock (_lock)
        {
            if (end.List is not null)
                _waiting.Remove(end);
        }
    }

    public void Supersede()
    {
        TaskCompletionSource[] woken;
        lock (_lock)
        {
            _isSuperseded = true;
            woken = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var request in woken)
            request.TrySetResult();
    }

    private static void End(object? request) => ((TaskCompletionSource)request!).TrySetResult();
}
