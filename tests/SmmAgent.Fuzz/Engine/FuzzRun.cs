using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace SmmAgent.Fuzz.Engine;

/// <summary>The limits and the seed of a run.</summary>
/// <param name="Inputs">The largest number of inputs; null for no limit.</param>
/// <param name="Duration">The longest time; null for no limit.</param>
/// <param name="Seed">The same seed makes the same inputs, unless coverage guides the run.</param>
internal sealed record FuzzPlan(long? Inputs, TimeSpan? Duration, int Seed);

/// <summary>The result of a run of one target.</summary>
/// <param name="Faults">One of each kind, with the input in hexadecimal digits of its SHA-256 (the name of the file).</param>
internal sealed record FuzzResult(string Target, long Inputs, TimeSpan Took, int Corpus, int Branches, TimeSpan Slowest, long MostAllocated,
    long Growth, IReadOnlyList<string> Faults)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Target,-24} {Inputs,9} inputs {Took.TotalSeconds,7:0.0} s  corpus {Corpus,4}  branches {Branches,5}  slowest "
        + $"{Slowest.TotalMilliseconds,6:0.0} ms  most allocated {MostAllocated / 1048576.0,5:0.0} MiB  growth {Growth / 1048576.0,5:0.0} "
        + $"MiB  faults {Faults.Count}");
}

/// <summary>Runs one target over mutated inputs in this process.</summary>
internal sealed class FuzzRun(FuzzTarget target, FuzzPlan plan, Findings findings)
{
    /// <summary>An input that takes longer is a hang.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>In bytes: what may be left on the heap between the first tenth of a run and its end.</summary>
    public const long MostGrowth = 8L << 20;

    private const int MostFaults = 20;
    private const string Hang = "hang";
    private const int MostCorpus = 2000;

    private readonly Coverage _coverage = Coverage.Instance;
    private readonly Dictionary<string, string> _faults = [];
    private TimeSpan _slowest;
    private long _mostAllocated;

    public FuzzResult Run()
    {
        var clock = Stopwatch.StartNew();
        _coverage.Forget();
        List<byte[]> corpus = [.. target.AllSeeds()];
        foreach (var seed in corpus)
            Try(seed);

        var mutator = new Mutator(new Random(plan.Seed), target);
        var (inputs, warm, heap) = ((long)corpus.Count, false, 0L);
        while (inputs < plan.Inputs.GetValueOrDefault(long.MaxValue) && !(clock.Elapsed > plan.Duration) && _faults.Count < MostFaults
            && !_faults.ContainsKey(Hang))
        {
            if (!warm && Progress(inputs, clock.Elapsed) >= 0.1)
                (warm, heap) = (true, Heap(corpus));
            var input = mutator.Next(corpus);
            inputs++;
            if (Try(input) && corpus.Count < MostCorpus)
                corpus.Add(input);
        }

        var growth = warm ? Math.Max(0, Heap(corpus) - heap) : 0;
        if (growth > MostGrowth)
            _faults["growth"] = $"{growth} bytes more are in use than after the first tenth of the run";
        return new(target.Name, inputs, clock.Elapsed, corpus.Count, _coverage.Branches, _slowest, _mostAllocated, growth,
            [.. _faults.Values]);
    }

    /// <summary>Runs one input.</summary>
    /// <returns>The fault; null for none.</returns>
    public static Exception? Once(FuzzTarget target, byte[] input)
    {
        try
        {
            target.Run(input);
            return null;
        }
#pragma warning disable CA1031 // any exception is a finding
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }

    private double Progress(long inputs, TimeSpan elapsed) =>
        Math.Max(plan.Inputs is { } most ? (double)inputs / most : 0, plan.Duration is { } longest ? elapsed / longest : 0);

    private static long Heap(List<byte[]> corpus) => GC.GetTotalMemory(forceFullCollection: true) - corpus.Sum(input => (long)input.Length);

    private bool Try(byte[] input)
    {
        findings.Begin(input);
        _coverage.Begin();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        var fault = Once(target, input);
        var took = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var isNew = _coverage.IsNew();
        findings.End();

        // The machine may have been busy: the quickest of three runs counts.
        for (var again = 0; took > Longest / 4 && again < 2; again++)
        {
            start = Stopwatch.GetTimestamp();
            Once(target, input);
            took = Stopwatch.GetElapsedTime(start) is var next && next < took ? next : took;
        }

        _slowest = took > _slowest ? took : _slowest;
        _mostAllocated = Math.Max(_mostAllocated, allocated);
        if (fault is not null)
            Note(KindOf(fault), fault.ToString(), input);
        if (took > Longest)
            Note(Hang, $"it took {took.TotalSeconds:0.0} s", input);
        if (allocated > target.MaximumAllocation)
            Note("allocation", $"it allocated {allocated} bytes", input);
        return isNew;
    }

    private void Note(string kind, string what, byte[] input)
    {
        if (_faults.ContainsKey(kind))
            return;
        var small = Smaller(input, kind);
        var file = findings.Keep(target.Name, small);
        _faults[kind] = $"{file}: {what}";
    }

    // The type and the first stack frame of our own code, so that one mistake is one finding.
    private static string KindOf(Exception fault) => $"{fault.GetType()} {(fault is PropertyException ? fault.Message.Split(':')[0] : "")} "
        + fault.StackTrace?.Split('\n').FirstOrDefault(
            line => line.Contains("Smm", StringComparison.Ordinal) && !line.Contains(nameof(PropertyException), StringComparison.Ordinal));

    // Removes pieces while the same fault remains.
    private byte[] Smaller(byte[] input, string kind)
    {
        if (kind is Hang or "allocation")
            return input;

        var clock = Stopwatch.StartNew();
        for (var piece = Math.Max(1, input.Length / 2); piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= input.Length && clock.Elapsed < TimeSpan.FromSeconds(5);)
            {
                byte[] less = [.. input[..at], .. input[(at + piece)..]];
                if (Once(target, less) is { } fault && KindOf(fault) == kind)
                    input = less;
                else
                    at += piece;
            }
        }

        return input;
    }
}

/// <summary>Keeps inputs that are faults, and the one that runs, in files that outlive the process.</summary>
internal sealed class Findings : IDisposable
{
    private const int Header = 8;

    private readonly string _folder;
    private readonly System.IO.MemoryMappedFiles.MemoryMappedFile _current;
    private readonly System.IO.MemoryMappedFiles.MemoryMappedViewAccessor _view;

    public Findings(string folder, int maximumBytes)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        _current = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(
            CurrentFile(folder), FileMode.Create, null, Header + maximumBytes);
        _view = _current.CreateViewAccessor();
    }

    public static string CurrentFile(string folder) => Path.Combine(folder, "current");

    /// <summary>The input that ran when a process ended; null when none did.</summary>
    public static byte[]? Current(string folder)
    {
        var bytes = File.Exists(CurrentFile(folder)) ? File.ReadAllBytes(CurrentFile(folder)) : [];
        return bytes.Length >= Header && BitConverter.ToInt64(bytes) is var length and > 0
            ? bytes[Header..(int)(Header + length - 1)] : null;
    }

    // One more than the length: 0 is none.
    public void Begin(byte[] input)
    {
        _view.WriteArray(Header, input, 0, input.Length);
        _view.Write(0, input.Length + 1L);
    }

    public void End() => _view.Write(0, 0L);

    public string Keep(string target, byte[] input) => Keep(_folder, target, input);

    public static string Keep(string folder, string target, byte[] input)
    {
        var file = Path.Combine(folder, target, Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, input);
        return file;
    }

    public void Dispose()
    {
        _view.Dispose();
        _current.Dispose();
    }
}
