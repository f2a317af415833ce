using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>A lock on the folder of agent.yaml, so that two concurrent changes of the file are both kept.</summary>
/// <remarks>Only root and the group of the daemon may open that folder. The daemon only reads and needs no lock, because files are
/// replaced atomically.</remarks>
public static class ConfigLock
{
    /// <summary>The maximum time that another change may take.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="IOException">Another process held the lock all the time, or the folder cannot be opened.</exception>
    public static IDisposable Take(string folder, TimeSpan timeout, TimeProvider time)
    {
        var handle = FileLock.Open(folder);
        if (handle.TakeAsync(timeout, BetweenTries, time, CancellationToken.None).GetAwaiter().GetResult())
            return handle;

        var (error, reason) = (handle.Error, handle.Reason);
        handle.Dispose();
        throw error switch
        {
            Errno.EACCES => new UnauthorizedAccessException($"{folder}: {reason}"),
            0 => new IOException($"another smm-agent has been changing {folder} for {timeout.TotalSeconds:0.#} s; try again"),
            _ => new IOException($"{folder}: {reason}"),
        };
    }
}
