using SmmDashboard.Groups;

namespace SmmDashboard.Http;

/// <summary>Limits the rate of requests: per client address, in total, and with invalid tokens.</summary>
/// <remarks>
/// The rates allow many VMs behind one NAT address that all send requests at once after a change. A valid token is never refused because of
/// failures from the same address: tokens cannot be guessed, so failures only have to be cheap and must not fill the log.
/// </remarks>
public sealed class RequestRates(RequestRates.Settings settings, TimeProvider clock)
{
    private readonly KeyedBuckets<UInt128> _clients = new(settings.PerClient, clock);
    private readonly KeyedBuckets<UInt128> _failures = new(settings.FailuresPerClient, clock);
    private readonly KeyedBuckets<(UInt128 Client, GroupId? Group)> _unknownTokens = new(settings.UnknownTokensPerClient, clock);
    private readonly KeyedBuckets<int> _total = new(settings.Total, clock);

    public sealed record Settings
    {
        public Rate PerClient { get; init; } = new(5_000, 500);

        public Rate Total { get; init; } = new(20_000, 10_000);

        public Rate FailuresPerClient { get; init; } = new(30, 1);

        /// <summary>The rate of tokens that another server must check. Valid tokens do not count.</summary>
        public Rate UnknownTokensPerClient { get; init; } = new(5_000, 50);
    }

    public ApiProblem? Refuse(HttpContext context)
    {
        if (!_clients.TryTake(Client(context), out var retryAfter))
            return ApiProblem.TooManyRequests("too many requests from this address", retryAfter);

        return _total.TryTake(0, out retryAfter) ? null : ApiProblem.TooManyRequests("too many requests in total", retryAfter);
    }

    /// <summary>Counts a failed authentication.</summary>
    /// <returns>The problem to respond with instead after too many failures; null below the limit.</returns>
    public ApiProblem? RefuseFailure(HttpContext context) =>
        _failures.TryTake(Client(context), out var retryAfter)
            ? null
            : ApiProblem.TooManyRequests("too many requests with an invalid token from this address", retryAfter);

    /// <summary>Counts a token that another server must check, before calling that server.</summary>
    /// <returns>The problem to respond with instead after too many invalid tokens; null below the limit.</returns>
    /// <param name="context">The request.</param>
    /// <param name="claimed">
    /// The WorkloadGroup whose service account the token claims; null for any other token. Behind a load balancer all clients share one
    /// address, and a client that sends tokens of one group, or of none, must not delay new tokens of the other groups.
    /// </param>
    public ApiProblem? RefuseUnknownToken(HttpContext context, GroupId? claimed) =>
        _unknownTokens.TryTake((Client(context), claimed), out var retryAfter)
            ? null
            : ApiProblem.TooManyRequests("too many requests with an invalid token from this address", retryAfter);

    /// <summary>Reverts the count of a token that was not refused.</summary>
    public void ForgiveUnknownToken(HttpContext context, GroupId? claimed) => _unknownTokens.Return((Client(context), claimed));

    private static UInt128 Client(HttpContext context) => ClientAddress.Key(context.Connection.RemoteIpAddress);
}
