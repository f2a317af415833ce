using Microsoft.Extensions.Hosting;

namespace SmmAgent.Daemon.Loop;

/// <summary>What every loop shares with the others.</summary>
public sealed record LoopContext(TimeProvider Time, LoopProgress Progress, ProcessFault Fault);

/// <summary>A service that does one step again and again. Tests call the step; the loop only waits and calls.</summary>
public abstract class LoopService(LoopContext context) : BackgroundService
{
    /// <summary>Set it to have the next step done now.</summary>
    public Signal Signal { get; } = new();

    protected TimeProvider Time => context.Time;

    /// <summary>How long one step may take before the watchdog counts the loop as hung.</summary>
    protected virtual TimeSpan StepBudget => TimeSpan.FromMinutes(1);

    /// <summary>Looks at everything anew and does what is to be done.</summary>
    /// <returns>When to look again without a wake.</returns>
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
#pragma warning disable CA1031 // Whatever it is: it ends the process, with this as the reason.
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

    /// <summary>Runs work under the watchdog's eye.</summary>
    protected async Task<TResult> WorkAsync<TResult>(Func<CancellationToken, Task<TResult>> work, CancellationToken cancel)
    {
        using (context.Progress.Working(GetType().Name, StepBudget))
            return await work(cancel);
    }
}
