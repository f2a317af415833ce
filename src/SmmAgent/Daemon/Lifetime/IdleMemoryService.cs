using SmmAgent.Core.Time;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Host;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>The memory of this process.</summary>
/// <param name="PrivateBytes">Reads the resident memory that belongs to this process alone.</param>
/// <param name="GiveBack">Returns unused memory to the system.</param>
/// <param name="NotifyOnCollection">Registers a callback that runs after each garbage collection.</param>
public sealed record MemorySource(Func<long> PrivateBytes, Action GiveBack, Action<Action> NotifyOnCollection)
{
    public static MemorySource ThisProcess { get; } =
        new(ProcessMemory.PrivateBytes, ProcessMemory.GiveBack, ProcessMemory.NotifyOnCollection);
}

/// <summary>
/// Releases unused memory: once after the start, which needs the most, then when the heap has grown, and otherwise at a slow interval.
/// </summary>
/// <remarks>The heap grows only by allocations, and these lead to garbage collections: an idle process is not woken.</remarks>
public sealed class IdleMemoryService(LoopContext context, MemorySource memory) : LoopService(context)
{
    public static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly MemoryPacing _pacing = new();
    private readonly long _start = context.Time.GetTimestamp();
    private TimeSpan _returned;

    public override Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var now = Time.GetElapsedTime(_start);
        var slow = _returned + Interval - now;
        if (slow > TimeSpan.Zero && _pacing.DueIn(now, memory.PrivateBytes()) is var due && due != TimeSpan.Zero)
            return Task.FromResult(due < slow ? due.Value : slow);

        memory.GiveBack();
        _returned = now;
        _pacing.Returned(now, memory.PrivateBytes());
        return Task.FromResult(Interval);
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        await Task.Delay(AfterStart, Time, cancel);
        memory.NotifyOnCollection(Signal.Set);
        await base.RunAsync(cancel);
    }
}
