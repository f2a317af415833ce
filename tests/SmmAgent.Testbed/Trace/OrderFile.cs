namespace SmmAgent.Testbed.Trace;

/// <summary>
/// The order file of the compiler, <c>src/SmmAgent/methods.order</c>: the functions that an idle agent runs, and then those that only its
/// start runs. Functions that the file does not name follow in the usual order.
/// </summary>
public static class OrderFile
{
    private const string IdleLine = "# idle";
    private const string StartLine = "# start only";

    // Twice as long as each of the usual intervals: 60 s between the probes of the gateways, 50 s of a long-poll.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(150);

    /// <summary>Traces the published agent with a dashboard over http and with one over https, and writes the file.</summary>
    public static async Task RecordAsync(string path)
    {
        var traces = await Task.WhenAll(IdleTrace.RecordAsync(https: false, Idle), IdleTrace.RecordAsync(https: true, Idle));
        Write(path, traces.SelectMany(trace => trace.Idle), traces.SelectMany(trace => trace.Start));
        Console.WriteLine($"order: {ReadIdle(path).Count} functions of the idle agent and its start in {path}");
    }

    /// <summary>Writes the file. The names are sorted, so that a change of the file shows what changed in the agent.</summary>
    private static void Write(string path, IEnumerable<string> idle, IEnumerable<string> start)
    {
        var first = idle.ToHashSet();
        File.WriteAllLines(path,
        [
            "# Made by ./build.sh order. The compiler ignores lines that are not the name of a function.",
            IdleLine, .. first.Order(StringComparer.Ordinal),
            StartLine, .. start.Where(name => !first.Contains(name)).Distinct().Order(StringComparer.Ordinal),
        ]);
    }

    /// <summary>The functions of the idle agent that a file names.</summary>
    public static IReadOnlySet<string> ReadIdle(string path) =>
        File.ReadLines(path).SkipWhile(line => line != IdleLine).Skip(1).TakeWhile(line => line != StartLine).ToHashSet();
}
