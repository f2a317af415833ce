using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>Whether a command of root's is at work on this host: it holds a lock on a file.</summary>
/// <remarks>The file is root's, and only root and the daemon's group may open it: nobody else can pretend. Root does not depend on having
/// the lock.</remarks>
public sealed class PrivilegedPresence : IDisposable
{
    private const int Mode = 0b110_100_000;

    // Who looks has the lock for a moment.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);
    private static readonly Lock Gate = new();

    private readonly FileLock _file;

    private PrivilegedPresence(FileLock file) => _file = file;

    /// <summary>Shows that this process is at work until the result is disposed. Several may be at once.</summary>
    public static async Task<PrivilegedPresence> ShowAsync(string path, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Then the daemon does not see it.
        }

        var file = FileLock.Open(path, Libc.ReadWrite | Libc.Create, Mode, isShared: true);
        await file.TakeAsync(Patience, BetweenTries, time, cancel);
        return new(file);
    }

    /// <summary>Whether another process is at work.</summary>
    public static bool IsShown(string path)
    {
        lock (Gate)
        {
            using var file = FileLock.Open(path);
            return !file.TryTake() && file.Error == 0;
        }
    }

    public void Dispose() => _file.Dispose();
}
