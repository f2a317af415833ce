using System.Globalization;
using System.Runtime;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>Keeps the process small: an agent is idle nearly always, and its memory is the VM's, not its own.</summary>
public static class ProcessMemory
{
    // Nearly all that is allocated until READY stays: looking for garbage in it several times made the start a tenth longer. Of 6 MB the
    // heap kept 2.
    private const long StartBytes = 4 * 1024 * 1024;

    /// <summary>
    /// One heap for all threads' native allocations, instead of one for each with OpenSSL's left-overs in it, and no garbage collection
    /// yet.
    /// Call it early: threads that have allocated keep their heaps.
    /// </summary>
    public static void StartBegins()
    {
        _ = Libc.SetMallocOption(Libc.MaximumArenas, 1);
        _ = GC.TryStartNoGCRegion(StartBytes, disallowFullBlockingGC: true);
    }

    /// <summary>From now on garbage is collected.</summary>
    public static void StartIsOver()
    {
        // It may be over already, when the start took more.
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            GC.EndNoGCRegion();
    }

    /// <summary>Gives back to the system what a burst of work has left.</summary>
    public static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _ = Libc.TrimMalloc(0);
        foreach (var (start, length) in ProgramMappings())
            _ = Libc.AdviseMemory(start, length, Libc.DoNotNeed);
    }

    // The program's own pages that cannot be written. The kernel maps sixteen for each one that is touched, and most of them serve the
    // start only. Dropped from this process, they stay in the page cache; the few that are needed again come back without a read.
    // A mapping with anonymous pages has what its file has not (relocations): it stays.
    private static List<(nint Start, nuint Length)> ProgramMappings()
    {
        var found = new List<(nint, nuint)>();
        (nint Start, nuint Length)? current = null;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (!fields[0].EndsWith(':'))
                current = fields.Length == 6 && fields[5] == Environment.ProcessPath && !fields[1].Contains('w') ? Range(fields[0]) : null;
            else if (fields is ["Anonymous:", "0", ..] && current is { } mapping)
                found.Add(mapping);
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
}
