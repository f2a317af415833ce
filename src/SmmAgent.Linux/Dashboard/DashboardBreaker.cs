using Polly;
using Polly.CircuitBreaker;

namespace SmmAgent.Linux.Dashboard;

/// <summary>A circuit breaker for all calls of one client: it stops calling a dashboard that fails repeatedly.</summary>
internal sealed class DashboardBreaker
{
    /// <summary>The time without requests after the breaker has opened.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline<DashboardFailure?> _pipeline;
    private volatile DashboardFailure _last = new DashboardFailure.Unreachable(UnreachableReason.Disconnected, "it failed before");

    public DashboardBreaker(TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<DashboardFailure?> { TimeProvider = time };
        builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions<DashboardFailure?>
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result
                is DashboardFailure.Unreachable or DashboardFailure.ServerError),
            FailureRatio = 1,
            MinimumThroughput = 5,
            SamplingDuration = TimeSpan.FromSeconds(60),
            BreakDuration = Break,
        });
        _pipeline = builder.Build();
    }

    public async Task<DashboardFailure?> RunAsync(Func<CancellationToken, Task<DashboardFailure?>> call, CancellationToken cancel)
    {
        try
        {
            var failure = await _pipeline.ExecuteAsync(static async (run, token) => await run(token), call, cancel);
            if (failure is not null)
                _last = failure;
            return failure;
        }
        catch (BrokenCircuitException exception)
        {
            return new DashboardFailure.Paused(exception.RetryAfter ?? Break, _last);
        }
    }
}
