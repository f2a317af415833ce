namespace SmmDashboard.Kubernetes.Watching;

/// <summary>
/// How long to wait after a failure: 0.8 s, doubled each time up to 30 s, of which a random half is left out so that replicas spread. Two
/// minutes without a failure reset it. The wait that the server asks for (<c>Retry-After</c>) wins, up to a minute.
/// </summary>
public sealed class WatchBackoff(TimeProvider time, Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Peace = TimeSpan.FromMinutes(2);
    private TimeSpan _step = First;
    private DateTimeOffset _endOfLast = DateTimeOffset.MinValue;

    /// <summary>The time to wait after one more failure.</summary>
    /// <param name="retryAfter">The wait that the server asks for; null when it asks for none.</param>
    public TimeSpan Next(TimeSpan? retryAfter = null)
    {
        var now = time.GetUtcNow();
        if (now - _endOfLast >= Peace)
            _step = First;

        var wait = _step * (0.5 + (random.NextDouble() / 2));
        _step = _step * 2 < Longest ? _step * 2 : Longest;
        if (retryAfter is { } asked && asked > TimeSpan.Zero)
            wait = asked < LongestAsked ? asked : LongestAsked;

        _endOfLast = now + wait;
        return wait;
    }
}
