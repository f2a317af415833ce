namespace SmmAgent.Linux.Locks;

/// <summary>Shows whether the daemon is running on this host: it holds a lock on its state directory.</summary>
/// <remarks>Only the daemon and root may open that directory, so other users cannot fake a daemon. No lock file is created, which another
/// user could not open later.</remarks>
public sealed class DaemonPresence : IDisposable
{
    private readonly FileLock _directory;

    private DaemonPresence(FileLock directory, bool isTaken) => (_directory, IsTaken) = (directory, isTaken);

    /// <summary>Whether another process holds the lock.</summary>
    public bool IsTaken { get; }

    /// <summary>
    /// Takes the lock, unless another process holds it. If the lock cannot be taken for another reason (no directory), no process holds it.
    /// </summary>
    public static DaemonPresence Take(string stateDirectory)
    {
        var directory = FileLock.Open(stateDirectory);
        return new(directory, isTaken: !directory.TryTake() && directory.Error == 0);
    }

    public void Dispose() => _directory.Dispose();
}
