namespace SmmAgent.Linux.Locks;

/// <summary>Whether a daemon runs on this host: it holds a lock on its state directory.</summary>
/// <remarks>Only the daemon and root may open that directory, so other users cannot fake a daemon. No lock file is created, which another
/// user could not open later.</remarks>
public sealed class DaemonPresence : IDisposable
{
    private readonly FileLock _directory;

    private DaemonPresence(FileLock directory, bool isTaken) => (_directory, IsTaken) = (directory, isTaken);

    /// <summary>Whether another process holds it.</summary>
    public bool IsTaken { get; }

    /// <summary>Takes it, unless another process has it. Where it cannot be had for another reason (no directory), nobody has it.</summary>
    public static DaemonPresence Take(string stateDirectory)
    {
        var directory = FileLock.Open(stateDirectory);
        return new(directory, isTaken: !directory.TryTake() && directory.Error == 0);
    }

    public void Dispose() => _directory.Dispose();
}
