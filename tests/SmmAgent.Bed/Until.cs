using System.Diagnostics;

namespace SmmAgent.Bed;

/// <summary>Waits for something that another process does: looks again every 20 ms, and gives up with the last thing seen.</summary>
public static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<TimeSpan> TrueAsync(Func<bool> condition, string what, TimeSpan? patience = null, Func<string>? lastSeen = null)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > (patience ?? Patience))
                throw new TimeoutException($"not so within {watch.Elapsed.TotalSeconds:0} s: {what}\n{lastSeen?.Invoke()}");
            await Task.Delay(20);
        }

        return watch.Elapsed;
    }
}
