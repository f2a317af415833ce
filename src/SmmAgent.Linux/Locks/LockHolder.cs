using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Locks;

/// <summary>Which process holds a lock on a file, for messages.</summary>
internal static class LockHolder
{
    /// <summary>
    /// Who holds a record lock, as package managers take (fcntl), in words; null when nobody does, or that cannot be seen.
    /// </summary>
    public static string? FindForRecordLock(string path)
    {
        using var file = Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec);
        var wanted = new Libc.RecordLock { Type = Libc.WriteRecordLock };
        return !file.IsInvalid && Libc.Control(file, Libc.GetRecordLock, ref wanted) == 0
            && wanted.Type != Libc.NoRecordLock ? Named(wanted.Process) : null;
    }

    /// <summary>The same for a lock on the whole file, as the agent takes (flock).</summary>
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
