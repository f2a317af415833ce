using SmmDashboard.Groups;

namespace SmmDashboard.Http;

/// <summary>How many requests are served: for each client address, in total, and with a token that is not valid.</summary>
/// <remarks>
/// The rates are for many VMs behind one NAT address, all of which ask at once after a change. A valid token is never refused for the
/// failures of its neighbours behind the same address: tokens cannot be guessed, so failures only need to stay cheap and quiet.
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

        /// <summary>Tokens that another server must check. Those that are valid do not count.</summary>
        public Rate UnknownTokensPerClient { get; init; } = new(5_000, 50);
    }

    public ApiProblem? Refuse(HttpContext context)
    {
        if (!_clients.TryTake(Client(context), out var retryAfter))
            return ApiProblem.TooManyRequests("too many requests from this address", retryAfter);

        return _total.TryTake(0, out retryAfter) ? null : ApiProblem.TooManyRequests("too many requests in total", retryAfter);
    }

    /// <summary>Counts a failed authentication.</summary>
    /// <returns>The problem to answer instead, once there were too many.</returns>
    public ApiProblem? RefuseFailure(HttpContext context) =>
        _failures.TryTake(Client(context), out var retryAfter)
            ? null
            : ApiProblem.TooManyRequests("too many requests with an invalid token from this address", retryAfter);

    /// <summary>Counts a token that another server must check, before it is asked.</summary>
    /// <returns>The problem to answer with instead, once too many were not valid.</returns>
    /// <param name="context">The request.</param>
    /// <param name="claimed">
    /// The WorkloadGroup whose service account the token says that it is of; null for any other token. Behind a load balancer all clients have one address: whoever sends
    /// tokens of one group, or of none, must not delay new tokens of the other groups.
    /// </param>
    public ApiProblem? RefuseUnknownToken(HttpContext context, GroupId? claimed) =>
        _unknownTokens.TryTake((Client(context), claimed), out var retryAfter)
            ? null
            : ApiProblem.TooManyRequests("too many requests with an invalid token from this address", retryAfter);

    /// <summary>The token was not refused, so it does not count.</summary>
    public void ForgiveUnknownToken(HttpContext context, GroupId? claimed) => _unknownTokens.Return((Client(context), claimed));

    private static UInt128 Client(HttpContext context) => ClientAddress.Key(context.Connection.RemoteIpAddress);
}
