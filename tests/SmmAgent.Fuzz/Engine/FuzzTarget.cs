using System.Text;

namespace SmmAgent.Fuzz.Engine;

/// <summary>One parser of foreign input.</summary>
/// <param name="Name">The word on the command line, and the name of its folders of seeds and crashes.</param>
/// <param name="Run">
/// Reads one input. Any exception that leaves it is a fault; <see cref="PropertyException"/> is that of a property.
/// </param>
public sealed record FuzzTarget(string Name, Action<byte[]> Run)
{
    /// <summary>In bytes. The mutator makes no larger input.</summary>
    public int MaximumBytes { get; init; } = 16 * 1024;

    /// <summary>In bytes: what one input may allocate.</summary>
    public long MaximumAllocation { get; init; } = 64L << 20;

    /// <summary>Inputs to begin with, beside the files below seeds/NAME.</summary>
    public IReadOnlyList<byte[]> Seeds { get; init; } = [];

    /// <summary>Words of the grammar that the mutator puts in.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>A target that only the tests of the engine run.</summary>
    public bool IsEngineOnly { get; init; }

    public static FuzzTarget FromText(string name, Action<string> run, params string[] seeds) =>
        new(name, bytes => run(Encoding.UTF8.GetString(bytes))) { Seeds = [.. seeds.Select(Encoding.UTF8.GetBytes)] };

    public static FuzzTarget FromBytes(string name, Action<byte[]> run, params string[] seeds) =>
        new(name, run) { Seeds = [.. seeds.Select(Encoding.UTF8.GetBytes)] };

    /// <summary>The target's seeds: its own, those below seeds/, and the crashes that were found before.</summary>
    public IReadOnlyList<byte[]> AllSeeds() =>
        [.. Seeds.Concat(Files("seeds")).Concat(Files("crashes")).Where(seed => seed.Length <= MaximumBytes).DefaultIfEmpty([])];

    /// <summary>Files of this target that lie beside the program.</summary>
    public IEnumerable<byte[]> Files(string kind)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, kind, Name);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }
}
