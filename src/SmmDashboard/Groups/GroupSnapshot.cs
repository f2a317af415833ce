namespace SmmDashboard.Groups;

/// <summary>A WorkloadGroup at one moment, and a task that ends when the group is replaced or removed.</summary>
/// <remarks>All long-poll requests for the group wait for this task.</remarks>
public sealed class GroupSnapshot(GroupEntry entry)
{
    private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    public GroupEntry Entry { get; } = entry;

    public Task Superseded => _superseded.Task;

    /// <summary>The number of waiting requests.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits until this snapshot is superseded, the time has passed or the request is aborted.</summary>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var wait = Superseded.WaitAsync(time, clock, cancellationToken);
        Interlocked.Increment(ref _waiting);
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _waiting);
    }

    public void Supersede() => _superseded.TrySetResult();
}
