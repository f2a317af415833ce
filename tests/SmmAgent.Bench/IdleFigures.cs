using System.Diagnostics;

namespace SmmAgent.Bench;

/// <summary>Processor time and memory of an idle process, over some minutes.</summary>
/// <remarks>A single reading would depend on when the process last returned memory.</remarks>
internal sealed record IdleFigures(double CpuPercent, double MeanPssKiB, double MaximumPssKiB)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Measures several processes at the same time.</summary>
    public static async Task<IReadOnlyList<IdleFigures>> MeasureAsync(TimeSpan duration, params int[] processes)
    {
        var watch = Stopwatch.StartNew();
        var before = processes.Select(ProcessFigures.Cpu).ToList();
        var sizes = processes.Select(_ => new List<long>()).ToList();
        while (watch.Elapsed < duration)
        {
            await Task.Delay(Interval);
            foreach (var (process, size) in processes.Zip(sizes))
                size.Add(ProcessFigures.PssKiB(process));
        }

        return [.. processes.Select((process, index) => new IdleFigures(
            (ProcessFigures.Cpu(process) - before[index]) / watch.Elapsed * 100, sizes[index].Average(), sizes[index].Max()))];
    }
}
