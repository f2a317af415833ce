using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>An flock on a file or folder, which the kernel releases however its holder ends.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private readonly int _kind;

    private FileLock(SafeFileHandle file, int error, int kind) => (_file, Error, _kind) = (file, error, kind);

    /// <summary>What is in the way, as errno has it; 0 for nothing, or nothing but another holder.</summary>
    public int Error { get; private set; }

    /// <summary>What is in the way, in words.</summary>
    public string Reason => Marshal.GetPInvokeErrorMessage(Error);

    /// <summary>Opens what is to be locked; <see cref="Error"/> tells whether that went well.</summary>
    /// <param name="isShared">Whether others may hold a shared lock at the same time.</param>
    public static FileLock Open(string path, int flags = 0, int mode = 0, bool isShared = false)
    {
        var file = Libc.Open(path, flags | Libc.CloseOnExec, mode);
        return new(file, file.IsInvalid ? Marshal.GetLastPInvokeError() : 0, isShared ? Libc.SharedLock : Libc.ExclusiveLock);
    }

    /// <returns>Whether it is ours now; else another holds it, or there is an <see cref="Error"/>.</returns>
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

    /// <summary>Tries until it is ours, the time is over or there is an <see cref="Error"/>.</summary>
    /// <returns>Whether it is ours.</returns>
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

    public void Dispose() => _file.Dispose();
}
