namespace SmmDashboard.Http;

/// <summary>What the answer depends on cannot be reached now. Requests are answered 503 with this detail; it is no defect.</summary>
/// <param name="detail">Shown to the agent: what is away, and nothing secret.</param>
/// <param name="retryAfter">When to ask again.</param>
/// <param name="inner">For the log.</param>
public sealed class UnavailableException(string detail, TimeSpan retryAfter, Exception? inner = null) : Exception(detail, inner)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
