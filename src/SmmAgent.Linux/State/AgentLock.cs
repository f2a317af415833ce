using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.State;

/// <summary>The lock that daemon and commands share: an flock, which the kernel releases however its holder ends.</summary>
public sealed partial class AgentLock(string path, TimeProvider time)
{
    /// <summary>How long a holder usually works at most.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    // Root and the daemon's group; a file that exists keeps its own.
    private const int Mode = 0b110_110_000;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for the lock.</summary>
    /// <returns>The held lock, to be disposed of; or why it could not be had, in one line.</returns>
    public async Task<(IDisposable? Held, string? Why)> AcquireAsync(TimeSpan timeout, CancellationToken cancel)
    {
        var file = Open(path, ReadWrite | Create | CloseOnExec, Mode);
        if (file.IsInvalid)
        {
            var why = Marshal.GetLastPInvokeErrorMessage();
            file.Dispose();
            return (null, $"the lock file {path} cannot be opened: {why}");
        }

        var started = time.GetTimestamp();
        try
        {
            while (Flock(file, Exclusive | NonBlocking) != 0)
            {
                if (Marshal.GetLastPInvokeError() is not (WouldBlock or Interrupted))
                    return Failed(file, $"{path} cannot be locked: {Marshal.GetLastPInvokeErrorMessage()}");
                if (time.GetElapsedTime(started) >= timeout)
                    return Failed(file, $"another smm-agent has held {path} for {timeout.TotalSeconds:0.#} s; the next try comes by itself");

                await Task.Delay(BetweenTries, time, cancel);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return (file, null);
    }

    private static (IDisposable? Held, string? Why) Failed(SafeFileHandle file, string why)
    {
        file.Dispose();
        return (null, why);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
