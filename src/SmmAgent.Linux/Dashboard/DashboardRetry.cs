using Polly;
using Polly.Retry;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The result of one attempt, for the schedule of the next one.</summary>
/// <param name="Failed">Whether to retry after a backoff.</param>
/// <param name="Wait">After a failure: the wait that the dashboard requested, or null. After a success: the time to the next call.</param>
public sealed record Attempt(bool Failed, TimeSpan? Wait);

/// <summary>Retries until an attempt succeeds: exponential backoff with jitter, at most five minutes. Retry-After has priority.</summary>
public sealed class DashboardRetry
{
    public static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaximumDelay = TimeSpan.FromMinutes(5);

    private readonly ResiliencePipeline<Attempt> _pipeline;

    /// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
    public DashboardRetry(TimeProvider time, Func<double> random)
    {
        var builder = new ResiliencePipelineBuilder<Attempt> { TimeProvider = time };
        builder.AddRetry(new RetryStrategyOptions<Attempt>
        {
            ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result is { Failed: true }),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = FirstDelay,
            MaxDelay = MaximumDelay,
            UseJitter = true,
            Randomizer = random,
            // Agents that were all asked to wait for a minute must not retry at the same moment.
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.Wait * (1 + (random() / 10))),
        });
        _pipeline = builder.Build();
    }

    public async Task<Attempt> UntilGoodAsync(Func<CancellationToken, Task<Attempt>> attempt, CancellationToken cancel) =>
        await _pipeline.ExecuteAsync(static async (run, token) => await run(token), attempt, cancel);
}
