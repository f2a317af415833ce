namespace SmmDashboard.Http;

/// <summary>A dependency of the response is unavailable. The request gets 503 with this detail; it is not a defect.</summary>
/// <param name="detail">Names the dependency. It is shown to the agent and contains no secret.</param>
/// <param name="retryAfter">When to retry.</param>
/// <param name="inner">The cause, for the log.</param>
public sealed class UnavailableException(string detail, TimeSpan retryAfter, Exception? inner = null) : Exception(detail, inner)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
