using System.Globalization;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>Ends the processes of a user who will be removed.</summary>
/// <remarks>Like userdel, this ignores processes with another root folder, process namespace or user namespace: a user of a container may
/// have the same number.</remarks>
internal static class UserProcesses
{
    /// <summary>The maximum wait after each signal.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Sends SIGTERM, then SIGKILL to the remaining processes. Processes of root are never signalled.</summary>
    /// <returns>Whether all processes have ended.</returns>
    public static async Task<bool> EndAsync(uint user, TimeProvider time, CancellationToken cancel)
    {
        if (user == 0)
            return false;

        foreach (var signal in (int[])[Libc.SignalTerminate, Libc.SignalKill])
        {
            var start = time.GetTimestamp();
            var signalled = new HashSet<int>();
            while (Find(user) is { Count: > 0 } processes)
            {
                if (time.GetElapsedTime(start) >= Patience)
                    break;
                // Once per process: a second SIGTERM may interrupt an orderly shutdown. New child processes get their own signal.
                foreach (var process in processes.Where(signalled.Add))
                    _ = Libc.SendSignal(process, signal);
                await Task.Delay(Pause, time, cancel);
            }
        }

        return Find(user).Count == 0;
    }

    private static List<int> Find(uint user) =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : 0)
            .Where(process => process > 1 && process != Environment.ProcessId && BelongsTo(process, user)).ToList();

    private static bool BelongsTo(int process, uint user)
    {
        try
        {
            // Uid: real, effective, saved, file system.
            var status = File.ReadLines($"/proc/{process}/status").ToList();
            return status.FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal)) is { } line
                && line["Uid:".Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)
                .All(number => number == user.ToString(CultureInfo.InvariantCulture))
                && !status.Exists(state => state.StartsWith("State:\tZ", StringComparison.Ordinal))
                && IsInHostNamespaces(process);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false; // the process has ended
        }
    }

    // The link "root" reads "/" in a container as well, so inodes are compared. The mount namespace proves nothing: systemd gives services
    // their own.
    private static bool IsInHostNamespaces(int process) =>
        Link(process, "ns/pid") == Link(Environment.ProcessId, "ns/pid")
        && Link(process, "ns/user") == Link(Environment.ProcessId, "ns/user")
        && FileStatus.Read($"/proc/{process}/root").Number == FileStatus.Read($"/proc/{Environment.ProcessId}/root").Number;

    private static string? Link(int process, string name) => new FileInfo($"/proc/{process}/{name}").LinkTarget;
}
