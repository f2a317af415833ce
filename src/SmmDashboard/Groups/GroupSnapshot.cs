namespace SmmDashboard.Groups;

/// <summary>A WorkloadGroup at one moment, and a task that ends when it is replaced or removed.</summary>
/// <remarks>All requests in long-poll for the group wait for this one task.</remarks>
public sealed class GroupSnapshot(GroupEntry entry)
{
    private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    public GroupEntry Entry { get; } = entry;

    public Task Superseded => _superseded.Task;

    /// <summary>How many requests wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for the end of this snapshot, of the time or of the request, whichever comes first.</summary>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var wait = Superseded.WaitAsync(time, clock, cancellationToken);
        Interlocked.Increment(ref _waiting);
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _waiting);
    }

    public void Supersede() => _superseded.TrySetResult();
}
