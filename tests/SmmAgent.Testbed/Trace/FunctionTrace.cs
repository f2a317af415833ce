using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace SmmAgent.Testbed.Trace;

/// <summary>Records which managed functions of the published agent run, in phases that begin on request.</summary>
/// <remarks><c>function-trace.c</c> describes the method and the format of the file. The symbols come from <c>smm-agent.dbg</c>.</remarks>
public sealed class FunctionTrace : IDisposable
{
    private const string CodeSection = "__managedcode";
    private const int WantedOffset = 0;
    private const int ActiveOffset = 4;
    private const int CountOffset = 8;
    private const int HeaderBytes = 16;

    private readonly SortedDictionary<long, List<string>> _symbols;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <param name="folder">The folder for the files of the trace.</param>
    public FunctionTrace(string folder)
    {
        _symbols = ReadSymbols();
        var (library, file) = (Path.Combine(folder, "function-trace.so"), Path.Combine(folder, "function-trace"));
        Shell.Run("gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-pthread",
            "-o", library, Path.Combine(AppContext.BaseDirectory, "Trace", "function-trace.c"));
        _file = MemoryMappedFile.CreateFromFile(file, FileMode.Create, null, HeaderBytes + _symbols.Count * (sizeof(long) + 1L));
        _view = _file.CreateViewAccessor();
        _view.Write(CountOffset, (long)_symbols.Count);
        _view.WriteArray(HeaderBytes, _symbols.Keys.ToArray(), 0, _symbols.Count);
        Environment = new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library,
            ["SMM_TRACE_PROGRAM"] = Programs.Agent,
            ["SMM_TRACE_FILE"] = file,
        };
    }

    /// <summary>The variables that the agent is started with. Phase 0 begins with its start.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Begins a phase, from 1 to 7.</summary>
    public Task BeginAsync(int phase)
    {
        _view.Write(WantedOffset, phase);
        return Until.TrueAsync(() => _view.ReadInt32(ActiveOffset) == phase + 1, $"phase {phase} of the trace begins");
    }

    /// <summary>The names of the functions that ran in a phase; functions of equal code share all their names.</summary>
    public IReadOnlyList<string> Ran(int phase)
    {
        var ran = new byte[_symbols.Count];
        _view.ReadArray(HeaderBytes + _symbols.Count * (long)sizeof(long), ran, 0, ran.Length);
        return [.. _symbols.Values.Where((_, index) => (ran[index] & (1 << phase)) != 0).SelectMany(names => names)];
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static SortedDictionary<long, List<string>> ReadSymbols()
    {
        var (start, end) = ReadSection();
        var symbols = new SortedDictionary<long, List<string>>();
        foreach (var line in Shell.Run("nm", Programs.Agent + ".dbg").Split('\n'))
        {
            if (line.Split(' ') is not [var address, "t" or "T", var name])
                continue;
            var offset = Hex(address);
            if (offset < start || offset >= end)
                continue;
            if (!symbols.TryGetValue(offset, out var names))
                symbols.Add(offset, names = []);
            names.Add(name);
        }

        return symbols;
    }

    private static (long Start, long End) ReadSection()
    {
        var line = Shell.Run("readelf", "--section-headers", "--wide", Programs.Agent).Split('\n')
            .Single(line => line.Contains($" {CodeSection} ", StringComparison.Ordinal));
        var fields = line[line.IndexOf(CodeSection, StringComparison.Ordinal)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Hex(fields[2]), Hex(fields[2]) + Hex(fields[4]));
    }

    private static long Hex(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
