namespace SmmAgent.Daemon.Loop;

/// <summary>A reason to look again. Several before the next look count as one.</summary>
public sealed class Signal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _set = NewSource();

    public void Set()
    {
        lock (_lock)
            _set.TrySetResult();
    }

    /// <summary>Waits until it is set, or the time is over, and clears it.</summary>
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
