using Microsoft.Extensions.Hosting;

namespace SmmAgent.Daemon.Loop;

/// <summary>The dependencies that all loops share.</summary>
public sealed record LoopContext(TimeProvider Time, LoopProgress Progress, ProcessFault Fault);

/// <summary>A service that repeats one step. Tests call the step directly; the loop only waits and calls it.</summary>
public abstract class LoopService(LoopContext context) : BackgroundService
{
    /// <summary>Set to run the next step now.</summary>
    public Signal Signal { get; } = new();

    protected TimeProvider Time => context.Time;

    /// <summary>The time after which the watchdog counts a step as hung.</summary>
    protected virtual TimeSpan StepBudget => TimeSpan.FromMinutes(1);

    /// <summary>Observes everything again and acts on it.</summary>
    /// <returns>The time until the next step if no signal comes first.</returns>
    public abstract Task<TimeSpan> StepAsync(CancellationToken cancel);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
#pragma warning disable CA1031 // Any exception ends the process, and is logged as the reason.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            context.Fault.Report(GetType().Name, exception);
        }
    }

    protected virtual async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var wait = await WorkAsync(StepAsync, cancel);
            await Signal.WaitAsync(wait, Time, cancel);
        }
    }

    /// <summary>Runs work that the watchdog supervises.</summary>
    protected async Task<TResult> WorkAsync<TResult>(Func<CancellationToken, Task<TResult>> work, CancellationToken cancel)
    {
        using (context.Progress.Working(GetType().Name, StepBudget))
            return await work(cancel);
    }
}
