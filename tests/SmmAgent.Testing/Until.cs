using System.Diagnostics;

namespace SmmAgent.Testing;

/// <summary>Waits for a change by another process: checks every 20 ms, and fails with the last observed state.</summary>
public static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<TimeSpan> TrueAsync(Func<bool> condition, string what, TimeSpan? patience = null, Func<string>? lastSeen = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, patience, lastSeen);

    public static async Task<TimeSpan> TrueAsync(
        Func<Task<bool>> condition, string what, TimeSpan? patience = null, Func<string>? lastSeen = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (patience ?? Patience))
                throw new TimeoutException($"timed out after {watch.Elapsed.TotalSeconds:0} s, waiting until {what}\n{lastSeen?.Invoke()}");
            await Task.Delay(20);
        }

        return watch.Elapsed;
    }

    /// <summary>Waits for the end of a task that another process or a connection may keep from ending.</summary>
    public static async Task DoneAsync(Task task, string what)
    {
        if (await Task.WhenAny(task, Task.Delay(Patience)) != task)
            throw new TimeoutException($"timed out after {Patience.TotalSeconds:0} s, waiting until {what}");
        await task;
    }

    /// <inheritdoc cref="DoneAsync(Task, string)"/>
    public static async Task<T> DoneAsync<T>(Task<T> task, string what)
    {
        await DoneAsync((Task)task, what);
        return await task;
    }
}
