namespace SmmAgent.Daemon.Loop;

/// <summary>Requests another step of a loop. Several requests before the next wait count as one.</summary>
public sealed class Signal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _set = NewSource();

    public void Set()
    {
        lock (_lock)
            _set.TrySetResult();
    }

    /// <summary>Waits until the signal is set or the time is over, and clears it.</summary>
    /// <returns>Whether it was set.</returns>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancel)
    {
        Task set;
        lock (_lock)
            set = _set.Task;

        try
        {
            await set.WaitAsync(atMost, time, cancel);
        }
        catch (TimeoutException)
        {
            return false;
        }

        lock (_lock)
            _set = NewSource();
        return true;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
