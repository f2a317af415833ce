using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>Which process holds a lock on a file, for messages.</summary>
internal static partial class LockHolder
{
    private const int ReadWrite = 2;
    private const int GetLock = 5;
    private const short WriteLock = 1;
    private const short Unlocked = 2;

    /// <summary>Who holds a record lock, as package managers take (fcntl), in words; null when nobody does, or that cannot be seen.</summary>
    public static string? OfRecord(string path)
    {
        using var file = Libc.Open(path, ReadWrite | Libc.CloseOnExec);
        var wanted = new Record { Type = WriteLock };
        return !file.IsInvalid && Control(file, GetLock, ref wanted) == 0 && wanted.Type != Unlocked ? Named(wanted.Process) : null;
    }

    /// <summary>The same for a lock on the whole file, as the agent takes (flock).</summary>
    public static string? OfFile(string path)
    {
        try
        {
            var number = FileStatus.Of(path).Number;
            var file = $"{number.DeviceMajor:x2}:{number.DeviceMinor:x2}:{number.Inode}";
            // 1: FLOCK  ADVISORY  WRITE 1234 00:2d:5678 0 EOF
            return File.ReadLines("/proc/locks")
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words is [_, "FLOCK", _, "WRITE", _, var of, ..] && of == file)
                .Select(words => int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : 0)
                .Where(process => process > 0 && process != Environment.ProcessId)
                .Select(Named)
                .FirstOrDefault();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Named(int process)
    {
        if (process <= 0)
            return "another process";
        try
        {
            return $"{OneLine.Of(File.ReadAllText($"/proc/{process}/comm").Trim())} (process {process})";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"process {process}";
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, ref Record record);

    // struct flock on 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    private struct Record
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
