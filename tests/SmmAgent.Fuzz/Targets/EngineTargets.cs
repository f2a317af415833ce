using SmmAgent.Fuzz.Engine;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Parsers with a known fault, which the tests of the engine must find.</summary>
internal static class EngineTargets
{
    private static readonly List<byte[]> Kept = [];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromText("engine-throws", text => _ = text.Contains("]]", StringComparison.Ordinal)
            ? throw new InvalidOperationException(text) : 0, "[1]") with { IsEngineOnly = true },
        FuzzTarget.FromText("engine-hangs", text => Thread.Sleep(text.Contains("]]", StringComparison.Ordinal) ? 1200 : 0),
            "[1]") with { IsEngineOnly = true },
        FuzzTarget.FromText("engine-overflows", text => _ = Depth(text, 0), "[1]") with { IsEngineOnly = true },
        FuzzTarget.FromText("engine-grows", _ => Kept.Add(new byte[64 * 1024]), "[1]") with { IsEngineOnly = true },
        FuzzTarget.FromText("engine-allocates", text => _ = new byte[text.Length > 3 ? 2 << 20 : 1], "[1]") with { IsEngineOnly = true,
            MaximumAllocation = 1 << 20 },
    ];

    private static int Depth(string text, int at) =>
        text.Contains("]]", StringComparison.Ordinal) ? Depth(text, at + 1) + Depth(text, at + 2) : at;
}
