using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.State;

/// <summary>Whether a daemon runs on this host: it holds an flock on its state directory, which the kernel releases however it ends.</summary>
/// <remarks>Only the daemon and root may open that directory: nobody else can pretend. No file is made that another user could not open later.</remarks>
public sealed partial class DaemonPresence : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int WouldBlock = 11;

    private readonly SafeFileHandle _directory;

    private DaemonPresence(SafeFileHandle directory, bool isTaken) => (_directory, IsTaken) = (directory, isTaken);

    /// <summary>Whether another process holds it.</summary>
    public bool IsTaken { get; }

    /// <summary>Takes it, unless another process has it. Where it cannot be had for another reason (no directory), nobody has it.</summary>
    public static DaemonPresence Take(string stateDirectory)
    {
        var directory = Open(stateDirectory, CloseOnExec);
        var isTaken = !directory.IsInvalid && Flock(directory, Exclusive | NonBlocking) != 0 && Marshal.GetLastPInvokeError() == WouldBlock;
        return new(directory, isTaken);
    }

    public void Dispose() => _directory.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
