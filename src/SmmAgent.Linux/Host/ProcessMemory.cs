using System.Globalization;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>Keeps the memory use of the process low: the agent is nearly always idle, and the memory belongs to the workload of the VM.
/// </summary>
public static class ProcessMemory
{
    private static IReadOnlyList<(nint Start, nuint Length)>? _mappings;

    /// <summary>
    /// Uses one heap for the native allocations of all threads, instead of one per thread with memory that OpenSSL no longer needs.
    /// Call this early: threads that have allocated memory keep their heaps.
    /// </summary>
    public static void UseOneNativeHeap() => _ = Libc.SetMallocOption(Libc.MaximumArenas, 1);

    /// <summary>Returns unused memory to the system after a burst of work.</summary>
    public static void GiveBack()
    {
        // Read once: this allocates a megabyte, which would remain in the heap after the collection, and the kernel counts all pages.
        _mappings ??= ProgramMappings();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = Libc.TrimMalloc(0);
        foreach (var (start, length) in _mappings)
            _ = Libc.AdviseMemory(start, length, Libc.DoNotNeed);
    }

    /// <summary>The resident memory of this process without pages of files: heaps, stacks and changed data.</summary>
    public static long PrivateBytes()
    {
        // The size, the resident pages, and how many of these belong to files.
        var pages = File.ReadAllText("/proc/self/statm").Split(' ');
        return (long.Parse(pages[1], CultureInfo.InvariantCulture) - long.Parse(pages[2], CultureInfo.InvariantCulture))
            * Environment.SystemPageSize;
    }

    /// <summary>Calls back after each garbage collection, on the thread of the finalizers: the callback must return quickly.</summary>
    public static void NotifyOnCollection(Action collected) => _ = new CollectionCallback(collected);

    // The read-only pages of the program. The kernel maps sixteen pages for each page that is used, and most are needed only at the start.
    // Pages that are dropped from this process remain in the page cache; the few that are needed again are mapped without a disk read.
    // A mapping with anonymous pages (relocations) differs from its file, so it is kept. The mappings do not change after the start.
    private static List<(nint Start, nuint Length)> ProgramMappings()
    {
        var found = new List<(nint, nuint)>();
        (nint Start, nuint Length)? current = null;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (char.IsAsciiLetterUpper(line[0]))
            {
                if (current is { } mapping && line.StartsWith("Anonymous:", StringComparison.Ordinal)
                    && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "0", ..])
                    found.Add(mapping);
                continue;
            }

            current = line.EndsWith($" {Environment.ProcessPath}", StringComparison.Ordinal)
                && line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries) is [var range, var access, _, _, _, var path]
                && path == Environment.ProcessPath && !access.Contains('w') ? Range(range) : null;
        }

        return found;
    }

    private static (nint Start, nuint Length) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var start = nint.Parse(text.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var end = nint.Parse(text.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, (nuint)(end - start));
    }

    // Unreachable from its start, so that the next collection finalizes it. It replaces itself with a new one: an old one would be
    // finalized only by a collection of the old generation.
    private sealed class CollectionCallback(Action collected)
    {
        ~CollectionCallback()
        {
            collected();
            NotifyOnCollection(collected);
        }
    }
}
