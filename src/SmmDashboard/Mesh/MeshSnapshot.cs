namespace SmmDashboard.Mesh;

/// <summary>A mesh description, and a task that ends when it is no longer the current one.</summary>
/// <remarks>All requests in long-poll wait for this one task.</remarks>
public sealed class MeshSnapshot(MeshDescription mesh)
{
    private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    public MeshDescription Mesh { get; } = mesh;

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
