namespace SmmAgent.Linux.Network.Names;

/// <summary>Runs blocking work on separate threads, with a limit for the number of threads.</summary>
/// <param name="name">The name of the threads.</param>
/// <param name="most">The maximum number of threads. More work waits for a thread.</param>
#pragma warning disable CA1001 // The semaphore has no handle, and threads that still work would release a disposed semaphore.
internal sealed class BoundedThreads(string name, int most)
#pragma warning restore CA1001
{
    private const int StackSize = 256 * 1024;

    private readonly SemaphoreSlim _free = new(most);

    /// <summary>Whether new work would have to wait.</summary>
    public bool AreBusy => _free.CurrentCount == 0;

    /// <param name="cancel">Ends the wait. Work that has started continues to its end and keeps its thread until then.</param>
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
