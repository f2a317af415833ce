using Polly;
using Polly.Retry;

namespace SmmAgent.Linux.Dashboard;

/// <summary>One try, as far as the next one is concerned.</summary>
/// <param name="Failed">Whether to try again after a backoff.</param>
/// <param name="Wait">After a failure: how long the dashboard asked to wait, null when it did not. Else: when the next call is due.</param>
public sealed record Attempt(bool Failed, TimeSpan? Wait);

/// <summary>Tries again until it works: exponential backoff with jitter, at most five minutes; a Retry-After goes first.</summary>
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
            // A fleet that was told to wait for a minute does not come back in the same instant.
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.Wait * (1 + (random() / 10))),
        });
        _pipeline = builder.Build();
    }

    public async Task<Attempt> UntilGoodAsync(Func<CancellationToken, Task<Attempt>> attempt, CancellationToken cancel) =>
        await _pipeline.ExecuteAsync(static async (run, token) => await run(token), attempt, cancel);
}
