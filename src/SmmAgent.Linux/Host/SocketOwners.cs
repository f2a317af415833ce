using System.Globalization;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Host;

/// <summary>The process that holds a socket.</summary>
/// <param name="Name">The name of the process as <c>ps</c> shows it.</param>
public sealed record SocketOwner(int ProcessId, string Name)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} (pid {ProcessId})");
}

/// <summary>Finds the processes that hold sockets.</summary>
public static class SocketOwners
{
    /// <summary>
    /// Searches the open files of every process that this user may inspect: root may inspect all processes, other users their own.
    /// </summary>
    /// <returns>The owners by inode; sockets of other processes are missing.</returns>
    public static IReadOnlyDictionary<string, SocketOwner> Find(IEnumerable<ListeningSocket> sockets)
    {
        var wanted = sockets.Select(socket => socket.Inode).ToHashSet();
        var found = new Dictionary<string, SocketOwner>();
        foreach (var folder in wanted.Count == 0 ? [] : Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
                continue;

            foreach (var inode in Sockets(folder).Where(wanted.Contains))
                found.TryAdd(inode, new(process, Name(folder)));
            if (found.Count == wanted.Count)
                break;
        }

        return found;
    }

    private static List<string> Sockets(string process)
    {
        const string Prefix = "socket:[";
        var inodes = new List<string>();
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(process, "fd")))
            {
                if (new FileInfo(file).LinkTarget is { } target && target.StartsWith(Prefix, StringComparison.Ordinal))
                    inodes.Add(target[Prefix.Length..].TrimEnd(']'));
            }
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // The process ended, or belongs to another user.
        }

        return inodes;
    }

    private static string Name(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).TrimEnd('\n');
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return "?"; // the process has just ended
        }
    }
}
