using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>Shows whether a command of root is running on this host: it holds a lock on a file.</summary>
/// <remarks>The file belongs to root, and only root and the group of the daemon may open it, so other users cannot fake a command. A
/// command of root works without the lock as well.</remarks>
public sealed class PrivilegedPresence : IDisposable
{
    private const int Mode = 0b110_100_000;

    // A process that checks for the lock holds it for a moment.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);
    private static readonly Lock Gate = new();

    private readonly FileLock _file;

    private PrivilegedPresence(FileLock file) => _file = file;

    /// <summary>Shows that this process is running until the result is disposed. Several processes may do so at the same time.</summary>
    public static async Task<PrivilegedPresence> ShowAsync(string path, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Without the folder there is no lock, and the daemon does not notice this process.
        }

        var file = FileLock.Open(path, Libc.ReadWrite | Libc.Create, Mode, isShared: true);
        await file.TakeAsync(Patience, BetweenTries, time, cancel);
        return new(file);
    }

    /// <summary>Whether a command of root is running.</summary>
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
