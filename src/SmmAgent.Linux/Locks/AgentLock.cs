using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>The lock that the daemon and the commands share.</summary>
public sealed class AgentLock(string path, TimeProvider time)
{
    /// <summary>The maximum time that a holder usually needs.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    // Root and the group of the daemon. An existing file keeps its mode.
    private const int Mode = 0b110_110_000;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);

    /// <summary>The name and number of the process that holds the lock, for messages; null when it is unknown.</summary>
    public string? Holder => LockHolder.FindForFileLock(path);

    /// <summary>Waits for the lock.</summary>
    /// <returns>The held lock, which the caller disposes; or the reason of the failure, in one line.</returns>
    public async Task<(IDisposable? Held, string? Failure)> AcquireAsync(TimeSpan timeout, CancellationToken cancel)
    {
        var file = FileLock.Open(path, Libc.ReadWrite | Libc.Create, Mode);
        var isHeld = false;
        try
        {
            if (file.Error != 0)
                return (null, $"the lock file {path} cannot be opened: {file.Reason}");

            isHeld = await file.TakeAsync(timeout, BetweenTries, time, cancel);
            return isHeld ? (file, null)
                : file.Error != 0 ? (null, $"{path} cannot be locked: {file.Reason}")
                : (null, $"another smm-agent has held {path} for {timeout.TotalSeconds:0.#} s; the agent retries automatically");
        }
        finally
        {
            if (!isHeld)
                file.Dispose();
        }
    }
}
