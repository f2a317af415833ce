using SmmDashboard.Groups;

namespace SmmDashboard.Http;

/// <summary>Limits the rate of requests: per client address, in total, and with invalid tokens.</summary>
/// <remarks>
/// The rates allow many VMs behind one NAT address that all send requests at once after a change. A valid token is never refused because of
/// failures from the same address: tokens cannot be guessed, so failures only have to be cheap and must not fill the log.
/// </remarks>
public sealed class RequestRates
{
    private const string Addresses = "client addresses";

    private readonly Settings _settings;
    private readonly RateLog _clientLog;
    private readonly RateLog _totalLog;
    private readonly RateLog _failureLog;
    private readonly KeyedBuckets<UInt128> _clients;
    private readonly KeyedBuckets<UInt128> _failures;
    private readonly KeyedBuckets<(UInt128 Client, GroupId? Group)> _unknownTokens;
    private readonly KeyedBuckets<int> _total;

    public RequestRates(Settings settings, TimeProvider clock, ILogger log)
    {
        _settings = settings;
        _clientLog = new(Addresses, settings.Buckets, clock, log);
        _totalLog = new(Addresses, settings.Buckets, clock, log);
        _failureLog = new($"{Addresses} with invalid tokens", settings.Buckets, clock, log);
        _clients = new(settings.PerClient, clock, settings.Buckets, _clientLog.Full);
        _failures = new(settings.FailuresPerClient, clock, settings.Buckets, _failureLog.Full);
        _unknownTokens = new(settings.UnknownTokensPerClient, clock, settings.Buckets, _failureLog.Full);
        _total = new(settings.Total, clock);
    }

    public sealed record Settings
    {
        public Rate PerClient { get; init; } = new(5_000, 500);

        public Rate Total { get; init; } = new(20_000, 10_000);

        public Rate FailuresPerClient { get; init; } = new(30, 1);

        /// <summary>The rate of tokens that another server must check. Valid tokens do not count.</summary>
        public Rate UnknownTokensPerClient { get; init; } = new(5_000, 50);

        /// <summary>The number of client addresses that have rates of their own at the same time.</summary>
        public int Buckets { get; init; } = Rate.DefaultBuckets;
    }

    public ApiProblem? Refuse(HttpContext context)
    {
        if (!_clients.TryTake(Client(context), out var retryAfter))
        {
            _clientLog.Refused(From(context), $"more than {_settings.PerClient.PerSecond} per second from this address (--client-rate)");
            return ApiProblem.TooManyRequests("too many requests from this address", retryAfter);
        }

        if (_total.TryTake(0, out retryAfter))
            return null;

        _totalLog.Refused(From(context), $"more than {_settings.Total.PerSecond} per second in total (--total-rate)");
        return ApiProblem.TooManyRequests("too many requests in total", retryAfter);
    }

    /// <summary>Counts a failed authentication.</summary>
    /// <returns>The problem to respond with instead after too many failures; null below the limit.</returns>
    public ApiProblem? RefuseFailure(HttpContext context) =>
        _failures.TryTake(Client(context), out var retryAfter) ? null : TooManyInvalid(context, retryAfter);

    /// <summary>Counts a token that another server must check, before calling that server.</summary>
    /// <returns>The problem to respond with instead after too many invalid tokens; null below the limit.</returns>
    /// <param name="context">The request.</param>
    /// <param name="claimed">
    /// The WorkloadGroup whose service account the token claims; null for any other token. Behind a load balancer all clients share one
    /// address, and a client that sends tokens of one group, or of none, must not delay new tokens of the other groups.
    /// </param>
    public ApiProblem? RefuseUnknownToken(HttpContext context, GroupId? claimed) =>
        _unknownTokens.TryTake((Client(context), claimed), out var retryAfter) ? null : TooManyInvalid(context, retryAfter);

    /// <summary>Reverts the count of a token that was not refused.</summary>
    public void ForgiveUnknownToken(HttpContext context, GroupId? claimed) => _unknownTokens.Return((Client(context), claimed));

    private ApiProblem TooManyInvalid(HttpContext context, TimeSpan retryAfter)
    {
        _failureLog.Refused(From(context), "too many invalid tokens from this address");
        return ApiProblem.TooManyRequests("too many requests with an invalid token from this address", retryAfter);
    }

    private static string From(HttpContext context) => $"{context.Connection.RemoteIpAddress}";

    private static UInt128 Client(HttpContext context) => ClientAddress.Key(context.Connection.RemoteIpAddress);
}
