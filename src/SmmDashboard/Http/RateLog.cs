using SmmDashboard.Hosting;

namespace SmmDashboard.Http;

/// <summary>Logs that a rate is reached, at most once a minute for each rate.</summary>
/// <param name="kind">The keys that have a rate, for example <c>client addresses</c>.</param>
/// <param name="buckets">The number of keys with a rate of their own.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">Receives the events.</param>
public sealed class RateLog(string kind, int buckets, TimeProvider clock, ILogger log)
{
    private readonly LogLimiter _refused = new(clock);
    private readonly LogLimiter _full = new(clock);

    /// <param name="from">The client or the WorkloadGroup.</param>
    /// <param name="reason">The rate that was exceeded.</param>
    public void Refused(string from, string reason)
    {
        if (_refused.TryAcquire(out var withheld))
            log.RateExceeded(from, reason, withheld);
    }

    /// <summary>Logs that more keys are in use than may have a rate of their own.</summary>
    public void Full()
    {
        if (_full.TryAcquire(out var withheld))
            log.TooManyBuckets(buckets, kind, withheld);
    }
}

internal static partial class RateLogEvents
{
    [LoggerMessage(
        1102, LogLevel.Warning, "Refusing requests of {Origin} with 429: {Reason} (and {Withheld} others since the last such message)")]
    public static partial void RateExceeded(this ILogger log, string origin, string reason, long withheld);

    [LoggerMessage(
        1103, LogLevel.Warning,
        "More than {Count} {Kind} are active, so others share one rate; raise --rate-buckets "
        + "(and {Withheld} others since the last such message)")]
    public static partial void TooManyBuckets(this ILogger log, int count, string kind, long withheld);
}
