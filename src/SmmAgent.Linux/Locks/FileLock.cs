using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>A lock (flock) on a file or folder. The kernel releases it when its holder ends for any reason.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private readonly int _kind;

    private FileLock(SafeFileHandle file, int error, int kind) => (_file, Error, _kind) = (file, error, kind);

    /// <summary>The error number of the failure; 0 when there is no failure, and when only another holder prevents the lock.</summary>
    public int Error { get; private set; }

    /// <summary>The text of <see cref="Error"/>.</summary>
    public string Reason => Marshal.GetPInvokeErrorMessage(Error);

    /// <summary>Opens the file or folder to lock. <see cref="Error"/> is 0 on success.</summary>
    /// <param name="isShared">Whether other processes may hold a shared lock at the same time.</param>
    public static FileLock Open(string path, int flags = 0, int mode = 0, bool isShared = false)
    {
        var file = Libc.Open(path, flags | Libc.CloseOnExec, mode);
        return new(file, file.IsInvalid ? Marshal.GetLastPInvokeError() : 0, isShared ? Libc.SharedLock : Libc.ExclusiveLock);
    }

    /// <summary>Takes the lock without waiting.</summary>
    /// <returns>Whether this process holds the lock now; otherwise another holder has it, or <see cref="Error"/> is set.</returns>
    public bool TryTake()
    {
        if (_file.IsInvalid)
            return false;
        while (Libc.Flock(_file, _kind | Libc.NonBlockingLock) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error && error == Errno.EINTR)
                continue;
            Error = error == Errno.EAGAIN ? 0 : error;
            return false;
        }

        return true;
    }

    /// <summary>Tries to take the lock until it succeeds, the time is over, or <see cref="Error"/> is set.</summary>
    /// <returns>Whether this process holds the lock.</returns>
    public async Task<bool> TakeAsync(TimeSpan timeout, TimeSpan betweenTries, TimeProvider time, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (!TryTake())
        {
            if (Error != 0 || time.GetElapsedTime(started) >= timeout)
                return false;
            await Task.Delay(betweenTries, time, cancel);
        }

        return true;
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose()
    {
        // Closing the file is not enough: a process that another thread starts at this moment has a copy of it until its exec.
        if (!_file.IsInvalid)
            _ = Libc.Flock(_file, Libc.Unlock);
        _file.Dispose();
    }
}
