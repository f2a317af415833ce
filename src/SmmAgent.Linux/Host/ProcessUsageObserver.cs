using System.Globalization;
using SmmAgent.Core.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Host;

/// <summary>Observes the resources that this process uses. The files of /proc/self are readable in every sandbox of systemd.</summary>
public static class ProcessUsageObserver
{
    private const string OpenFilesLimit = "Max open files";

    public static ProcessUsage Observe() => new(
        Environment.CpuUsage.TotalTime,
        Environment.WorkingSet,
        Try(VirtualBytes) ?? 0,
        Try(OpenFiles),
        Try(MaximumOpenFiles));

    private static long? Try(Func<long?> observe)
    {
        try
        {
            return observe();
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    // The first number of statm is the size in pages.
    private static long? VirtualBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    // The enumeration itself opens one.
    private static long? OpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1;

    // "Max open files            1024                 524288               files": the soft limit is the first number.
    private static long? MaximumOpenFiles() =>
        File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(OpenFilesLimit, StringComparison.Ordinal)) is { } line
        && long.TryParse(
            line[OpenFilesLimit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None,
            CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;
}
