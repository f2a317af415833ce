using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Host;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>Releases unused memory: once after the start, which needs the most, and then at a slow interval.</summary>
public sealed class IdleMemoryService(LoopContext context) : LoopService(context)
{
    public static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    public override Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        ProcessMemory.GiveBack();
        return Task.FromResult(Interval);
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        await Task.Delay(AfterStart, Time, cancel);
        await base.RunAsync(cancel);
    }
}
