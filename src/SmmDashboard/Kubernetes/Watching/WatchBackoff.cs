using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Watching;

/// <summary>
/// The wait after a failure: 0.8 s, doubled each time up to 30 s, of which a random half is left out so that replicas spread. Two minutes
/// without a failure reset it. The wait that the server asks for (<c>Retry-After</c>) has precedence, up to a minute.
/// </summary>
public sealed class WatchBackoff(TimeProvider time, Random random)
{
    private static readonly ExponentialBackoff Backoff = new(TimeSpan.FromMilliseconds(800), TimeSpan.FromSeconds(30), Jitter: 0.5);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Reset = TimeSpan.FromMinutes(2);
    private int _failures;
    private DateTimeOffset _endOfLast = DateTimeOffset.MinValue;

    /// <summary>The time to wait after one more failure.</summary>
    /// <param name="retryAfter">The wait that the server asks for; null when it asks for none.</param>
    public TimeSpan Next(TimeSpan? retryAfter = null)
    {
        var now = time.GetUtcNow();
        _failures = now - _endOfLast >= Reset ? 1 : _failures + 1;
        var wait = retryAfter is { } asked && asked > TimeSpan.Zero
            ? asked < LongestAsked ? asked : LongestAsked
            : Backoff.After(_failures, random.NextDouble());
        _endOfLast = now + wait;
        return wait;
    }
}
