using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Linux.Network.Proxies;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Classifies the failures of calls.</summary>
internal static class FailureClassifier
{
    /// <summary>The maximum size of a problem document (16 KiB).</summary>
    public const int MaximumProblemBytes = 16 * 1024;

    /// <summary>The longest Retry-After; a longer one is reduced to it.</summary>
    public static readonly TimeSpan MaximumRetryAfter = TimeSpan.FromHours(1);

    /// <summary>The shortest Retry-After: zero would cause an endless loop of requests.</summary>
    public static readonly TimeSpan MinimumRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Classifies an answer that has another status than the success that the call expects.</summary>
    public static async Task<DashboardFailure> StatusAsync(
        HttpResponseMessage response, Uri asked, DateTimeOffset now, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
            return new DashboardFailure.Redirected(status, RedirectOrigin(response, asked));
        if (status < 400)
            return new DashboardFailure.BadAnswer($"has the status {status}, which this call never answers");

        string Hide(string text) => Hidden(text, response.RequestMessage);
        var (problem, front) = await ProblemAsync(response, Hide, cancel);
        var detail = OneLine.From(Hide(problem?.Detail ?? problem?.Title ?? ""), OneLine.MaximumDetail);
        return status switch
        {
            429 => new DashboardFailure.RateLimited(RetryAfter(response, now), detail, front),
            >= 500 => new DashboardFailure.ServerError(status, RetryAfter(response, now), detail, front),
            _ => new DashboardFailure.Refused(status, problem?.Code is { } code ? OneLine.From(code) : null, detail,
                problem?.Reason is { } reason ? OneLine.From(Hide(reason)) : null, front),
        };
    }

    /// <summary>Classifies a call without a complete answer.</summary>
    /// <param name="isAnswered">Whether the head of an answer was received.</param>
    public static DashboardFailure Exception(Exception exception, DashboardTrust trust, bool isAnswered = false) => exception switch
    {
        HttpRequestException { InnerException: ProxyException proxy } => Unreachable(UnreachableReason.Proxy, proxy.Message),
        OperationCanceledException or TimeoutException when isAnswered =>
            Unreachable(UnreachableReason.TimedOut, $"its answer began and did not end in time: {HandshakeFailure.LostPackets}"),
        OperationCanceledException or TimeoutException when trust.IsShakingHands =>
            Unreachable(UnreachableReason.TimedOut,
                $"it accepted the connection, but the TLS handshake did not end in time: {HandshakeFailure.LostPackets}"),
        HttpRequestException or IOException when trust.DemandsCertificate
            && HandshakeFailure.Describe(exception, demandsCertificate: true) is { } demand =>
            Unreachable(UnreachableReason.NoTls, $"it {demand}"),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            Unreachable(UnreachableReason.NoSuchName, "its name does not resolve"),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            trust.LastRefusal is var (reason, detail) ? Unreachable(reason, detail)
            : Unreachable(UnreachableReason.NoTls, NoTls(exception)),
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            // A server with HTTP/2 only, for example Kestrel, closes the connection after the handshake.
            Unreachable(UnreachableReason.Disconnected, "it closed the connection without an answer"
                + (trust is { IsSecure: true, HasAnswered: false } ? ": if it speaks HTTP/2 only, have it accept HTTP/1.1 as well" : "")),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
            new DashboardFailure.BadAnswer(
                trust.IsSecure
                    ? "is not HTTP/1.1: have what is in front of the dashboard accept HTTP/1.1, also where it speaks HTTP/2"
                    : "is not HTTP; if the dashboard speaks https, dashboard.url must say so"),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            new DashboardFailure.BadAnswer("has headers larger than 32 KiB"),
        OperationCanceledException or TimeoutException => Unreachable(UnreachableReason.TimedOut, "it did not answer in time"),
        _ => Unreachable(exception.GetBaseException() as SocketException),
    };

    private static DashboardFailure.Unreachable Unreachable(SocketException? exception) => exception?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused =>
            Unreachable(UnreachableReason.Refused, "it refused the connection: nothing listens there, or a firewall rejects it"),
        SocketError.TimedOut => Unreachable(
            UnreachableReason.TimedOut, "it did not answer in time: a firewall on the path may drop the packets"),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown =>
            Unreachable(UnreachableReason.NoRoute, "there is no route to it"),
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
            Unreachable(UnreachableReason.NoSuchName, "its name does not resolve"),
        null => Unreachable(UnreachableReason.Disconnected, "the connection broke"),
        _ => Unreachable(UnreachableReason.Disconnected, $"the connection broke: {exception.Message}"),
    };

    private static DashboardFailure.Unreachable Unreachable(UnreachableReason reason, string detail) => new(reason, detail);

    // .NET reads the first bytes of the answer as the header of a frame of TLS.
    private static string NoTls(Exception exception) =>
        exception.GetBaseException().Message.StartsWith("Cannot determine the frame size", StringComparison.Ordinal)
            ? "it answered something that is not TLS"
            : HandshakeFailure.Describe(exception, demandsCertificate: false) is { } reason ? $"it {reason}"
            : exception.InnerException is AuthenticationException or IOException
            ? $"the TLS handshake failed: {OneLine.From(exception.GetBaseException().Message.TrimEnd('.'))}"
            : "the TLS handshake failed";

    /// <summary>The target of a redirect. A redirect within the origin of the dashboard is wrong as well: the contract has none.</summary>
    private static Uri? RedirectOrigin(HttpResponseMessage response, Uri asked)
    {
        if (response.Headers.Location is not { } location)
            return null;

        // A location that is valid on its own may be invalid relative to the URL of the dashboard.
        return Uri.TryCreate(asked, location, out var absolute) && absolute.Host.Length > 0
            && (absolute.Scheme == Uri.UriSchemeHttp || absolute.Scheme == Uri.UriSchemeHttps)
            ? new Uri(absolute.GetLeftPart(UriPartial.Scheme) + absolute.Authority)
            : null;
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var asked = response.Headers.RetryAfter is not { } header ? null : header.Delta ?? header.Date - now;
        return asked is null ? null
            : asked < MinimumRetryAfter ? MinimumRetryAfter
            : asked > MaximumRetryAfter ? MaximumRetryAfter
            : asked;
    }

    /// <summary>Removes the token and the key of the agent, so that a server that repeats them cannot put them into logs and status.json.
    /// </summary>
    private static string Hidden(string text, HttpRequestMessage? request)
    {
        if (request?.Headers.Authorization?.Parameter is { Length: > 0 } token)
            text = text.Replace(token, "TOKEN", StringComparison.Ordinal);
        if (request?.Headers.TryGetValues(DashboardApi.AgentKeyHeader, out var keys) == true)
            text = keys.Where(key => key.Length > 0).Aggregate(text, (all, key) => all.Replace(key, "KEY", StringComparison.Ordinal));
        return text;
    }

    /// <returns>The problem document; or the server that answered instead, when the document cannot be from the dashboard.</returns>
    private static async Task<(Problem? Problem, Intermediary? Front)> ProblemAsync(
        HttpResponseMessage response, Func<string, string> hide, CancellationToken cancel)
    {
        var type = response.Content.Headers.ContentType?.MediaType;
        byte[]? body;
        try
        {
            body = await BoundedBody.ReadAsync(response.Content, MaximumProblemBytes, cancel);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            body = null; // the status is sufficient
        }

        var problem = type is "application/problem+json" or "application/json" && body is not null ? Parsed(body) : null;
        // Other servers send problem documents without a code, and JSON with their own codes.
        var isDashboards = type == "application/problem+json" ? problem is null or { Code: not null } : ProblemCodes.IsKnown(problem?.Code);
        var isReadable = response.Content.Headers.ContentEncoding.Count == 0 && body is not null;
        return isDashboards ? (problem, null)
            : (null, Intermediary.From(
                response, problem?.Detail ?? problem?.Title ?? (isReadable ? System.Text.Encoding.UTF8.GetString(body!) : ""), hide));
    }

    private static Problem? Parsed(byte[] body)
    {
        try
        {
            return DashboardJson.Read(body, DashboardJson.ReadProblem);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
