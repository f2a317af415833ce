namespace SmmAgent.Linux.Network.Names;

/// <summary>Does work that blocks, each on a thread of its own, and not more than some at once.</summary>
/// <param name="name">The threads' name.</param>
/// <param name="most">How many run at once; what is more waits.</param>
#pragma warning disable CA1001 // The semaphore has no handle, and threads that work on would release a disposed one.
internal sealed class BoundedThreads(string name, int most)
#pragma warning restore CA1001
{
    private const int StackSize = 256 * 1024;

    private readonly SemaphoreSlim _free = new(most);

    /// <summary>Whether the next work would have to wait.</summary>
    public bool AreBusy => _free.CurrentCount == 0;

    /// <param name="cancel">Ends the wait. Work that has begun goes on to its end, and keeps its thread until then.</param>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancel)
    {
        await _free.WaitAsync(cancel);
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isStarted = false;
        try
        {
            new Thread(() => Run(work, result), StackSize) { IsBackground = true, Name = name }.Start();
            isStarted = true;
        }
        finally
        {
            if (!isStarted)
                _free.Release();
        }

        return await result.Task.WaitAsync(cancel);
    }

    private void Run<T>(Func<T> work, TaskCompletionSource<T> result)
    {
        try
        {
            result.SetResult(work());
        }
        catch (Exception exception)
        {
            result.SetException(exception);
        }
        finally
        {
            _free.Release();
        }
    }
}
