using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.State;

/// <summary>Keeps two changes of agent.yaml from losing one: an flock on its folder, which the kernel releases however its holder ends.</summary>
/// <remarks>Only root and the daemon's group may open that folder. The daemon only reads, and needs no lock: files are replaced whole.</remarks>
public static partial class ConfigLock
{
    /// <summary>How long another change may take.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int NotPermitted = 13;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="IOException">Another process has had it all the time, or the folder cannot be opened.</exception>
    public static IDisposable Take(string folder, TimeSpan timeout, TimeProvider time)
    {
        var handle = Open(folder, CloseOnExec);
        if (handle.IsInvalid)
        {
            var (error, why) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
            throw error == NotPermitted ? new UnauthorizedAccessException($"{folder}: {why}") : new IOException($"{folder}: {why}");
        }

        var started = time.GetTimestamp();
        while (Flock(handle, Exclusive | NonBlocking) != 0)
        {
            if (time.GetElapsedTime(started) >= timeout)
            {
                handle.Dispose();
                throw new IOException($"another smm-agent has been changing {folder} for {timeout.TotalSeconds:0.#} s; try again");
            }

            Task.Delay(BetweenTries, time, CancellationToken.None).GetAwaiter().GetResult();
        }

        return handle;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
