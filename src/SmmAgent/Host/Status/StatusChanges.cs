using SmmAgent.Linux.Events;

namespace SmmAgent.Host.Status;

/// <summary>Waits for changes of status.json: by inotify, or by polling while inotify does not work.</summary>
internal sealed class StatusChanges : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // A limit, so that a missed event delays the result and does not prevent it.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly HostEvents _events;
    private readonly Thread _thread;
    private volatile bool _isDown;
    private TaskCompletionSource _changed = NewSource();

    public StatusChanges(string path, TimeProvider time)
    {
        _time = time;
        _events = new(
            [new FileEvents("status", HostChange.Settings, path)],
            _ => Set(),
            (_, reason) =>
            {
                _isDown = reason is not null;
                Set();
            });
        _thread = new Thread(Listen) { IsBackground = true, Name = "status" };
        _thread.Start();
    }

    /// <summary>A task that ends at the next change. Take it before the file is read, so that no change is missed.</summary>
    public Task Next
    {
        get
        {
            if (Volatile.Read(ref _changed).Task.IsCompleted)
                Volatile.Write(ref _changed, NewSource());
            return Volatile.Read(ref _changed).Task;
        }
    }

    /// <summary>Returns when every later change is noticed.</summary>
    public async Task ListenAsync()
    {
        try
        {
            await _events.Listening;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _isDown = true;
        }
    }

    /// <summary>Waits for the change, but not longer than <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(Task change, TimeSpan atMost, CancellationToken cancel)
    {
        var limit = _isDown ? PollInterval : LongestWait;
        try
        {
            await change.WaitAsync(atMost < limit ? atMost : limit, _time, cancel);
        }
        catch (TimeoutException)
        {
            // The caller reads the file again.
        }
    }

    public void Dispose()
    {
        _events.Stop();
        _thread.Join();
        _events.Dispose();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Set() => Volatile.Read(ref _changed).TrySetResult();

    private void Listen()
    {
        try
        {
            _events.Run();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Polling replaces the events.
            _isDown = true;
            Set();
        }
    }
}
