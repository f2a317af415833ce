using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>The lock that daemon and commands share.</summary>
public sealed class AgentLock(string path, TimeProvider time)
{
    /// <summary>How long a holder usually works at most.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    // Root and the daemon's group; a file that exists keeps its own.
    private const int Mode = 0b110_110_000;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);

    /// <summary>Which other process holds it, in words; null when that cannot be seen.</summary>
    public string? Holder => LockHolder.FindForFileLock(path);

    /// <summary>Waits for the lock.</summary>
    /// <returns>The held lock, to be disposed of; or why it could not be had, in one line.</returns>
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
                : (null, $"another smm-agent has held {path} for {timeout.TotalSeconds:0.#} s; the next try comes by itself");
        }
        finally
        {
            if (!isHeld)
                file.Dispose();
        }
    }
}
