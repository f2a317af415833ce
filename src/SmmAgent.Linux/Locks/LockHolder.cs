using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>Finds the process that holds a lock on a file, for messages.</summary>
internal static class LockHolder
{
    /// <summary>
    /// Finds the holder of a record lock (fcntl), which package managers use. Returns its name and number; null when no process holds the
    /// lock, or when that is unknown.
    /// </summary>
    public static string? FindForRecordLock(string path)
    {
        using var file = Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec);
        var wanted = new Libc.RecordLock { Type = Libc.WriteRecordLock };
        return !file.IsInvalid && Libc.Control(file, Libc.GetRecordLock, ref wanted) == 0
            && wanted.Type != Libc.NoRecordLock ? Named(wanted.Process) : null;
    }

    /// <summary>Finds the holder of a lock on the whole file (flock), which the agent uses.</summary>
    public static string? FindForFileLock(string path)
    {
        try
        {
            var number = FileStatus.Read(path).Number;
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
        catch (Exception exception) when (FileErrors.IsExpected(exception))
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
            return $"{OneLine.From(File.ReadAllText($"/proc/{process}/comm").Trim())} (process {process})";
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return $"process {process}";
        }
    }
}
