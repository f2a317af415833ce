using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using k8s.Autorest;
using k8s.Exceptions;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>A call of the Kubernetes API that failed. The message is one line: the call, the object, the reason, and what to do.</summary>
public sealed class ApiException : Exception
{
    private const int LongestText = 512;

    private ApiException(string message, ApiFault fault, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner) => (Fault, RetryAfter) = (fault, retryAfter);

    public ApiFault Fault { get; }

    /// <summary>How long the server asks to wait; null without such a request.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>
    /// The plural of the kind that the server's refusal is about, for example <c>serviceaccounts</c>; null when it is not known.
    /// </summary>
    public string? Kind { get; private init; }

    /// <summary>Whether the call may succeed later without an administrator.</summary>
    public bool IsTransient => Fault is ApiFault.Unreachable or ApiFault.TimedOut or ApiFault.TooManyRequests or ApiFault.ServerError;

    /// <param name="call">For example <c>list workloadgroups.networking.istio.io</c>.</param>
    /// <param name="status">The code of the answer.</param>
    /// <param name="body">The body of the answer: a Status of the API, or a proxy's text.</param>
    /// <param name="headers">Null for an event of a watch.</param>
    public static ApiException Refused(string call, int status, ReadOnlySpan<byte> body, HttpResponseHeaders? headers = null)
    {
        var answer = ApiStatus.Read(body);
        var code = answer?.Code is > 0 ? answer.Code : status;
        var reason = Line(answer?.Message ?? Encoding.UTF8.GetString(body));
        var retryAfter = headers?.RetryAfter?.Delta
            ?? (answer?.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);

        return code switch
        {
            401 =>
                new(
                    $"{call}: the API server does not accept this client's credentials ({reason}): check the service account token "
                        + "or the kubeconfig", ApiFault.Unauthorized),
            // Not a missing right: a namespace that is being deleted, an admission webhook.
            403 when answer?.Message?.Contains("User \"", StringComparison.Ordinal) is false =>
                new($"{call}: refused by the API server ({reason})", ApiFault.Refused),
            403 => new($"{call} is forbidden{ToWhom(answer?.Message)}: grant it with a Role or ClusterRole", ApiFault.Forbidden),
            404 => new($"{call}: not found ({reason})", ApiFault.NotFound) { Kind = answer?.Details?.Kind },
            409 => new($"{call}: conflict ({reason})", ApiFault.Conflict) { Kind = answer?.Details?.Kind },
            410 => new($"{call}: the resource version is too old ({reason})", ApiFault.Expired),
            429 => new(
                $"{call}: the API server limits its load ({reason}), it is called again later", ApiFault.TooManyRequests, retryAfter),
            504 when IsTooLarge(answer) => new($"{call}: {reason}", ApiFault.TooLargeResourceVersion, retryAfter),
            >= 500 => new(
                $"{call}: the API server answered {code} ({reason}), it is called again later", ApiFault.ServerError, retryAfter),
            _ => new($"{call}: the API server answered {code} ({reason})", ApiFault.Refused),
        };
    }

    public static ApiException Unreadable(string call, string reason, Exception? inner = null) =>
        new($"{call}: the answer cannot be read: {Line(reason)}", ApiFault.Unreadable, inner: inner);

    /// <summary>The answer is not the expected JSON.</summary>
    public static ApiException Unreadable(string call, JsonException fault) => Unreadable(call, Reason(fault), fault);

    /// <summary>The reason of an exception about JSON, without the types of .NET.</summary>
    public static string Reason(JsonException fault) =>
        // An exception of this program has neither.
        fault is { LineNumber: null, Path: null } ? fault.Message : JsonErrorText.From(fault);

    public static ApiException TimedOut(string call, TimeSpan deadline) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"{call}: the API server did not answer within {deadline.TotalSeconds:0} s: check the network to it"),
        ApiFault.TimedOut);

    /// <summary>Null for an exception that is not the API's: a fault of the program or a cancellation.</summary>
    internal static ApiException? From(string call, Exception thrown) => thrown switch
    {
        ApiException api => api,
        ApiDeadlineException late => TimedOut(call, late.Deadline),
        HttpOperationException refused => Refused(
            call, (int)refused.Response.StatusCode, Encoding.UTF8.GetBytes(refused.Response.Content ?? ""), null),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } tooLarge =>
            Unreadable(call, tooLarge.Message, tooLarge),
        HttpRequestException { InnerException: AuthenticationException tls } => new(
            $"{call}: the API server's certificate is not accepted: {Untrusted(tls)}: check its address and the CA file",
            ApiFault.Untrusted, inner: tls),
        HttpRequestException or IOException => new(
            $"{call}: the API server cannot be reached: {Line(Innermost(thrown).Message)}: check its address and the network to it",
            ApiFault.Unreachable, inner: thrown),
        // SocketsHttpHandler throws this when it cannot connect in time.
        OperationCanceledException { InnerException: TimeoutException } => new(
            $"{call}: the API server cannot be reached: no connection in time: check the network to it", ApiFault.Unreachable,
            inner: thrown),
        ApiSettingsException or KubeConfigException => new($"{call}: {Line(thrown.Message)}", ApiFault.Unauthorized, inner: thrown),
        JsonException json => Unreadable(call, json),
        _ => null,
    };

    // The check of the certificate is this program's, so the text of the framework only says that there is one.
    private static string Untrusted(AuthenticationException tls) =>
        tls.Message.Contains("RemoteCertificateValidationCallback", StringComparison.Ordinal)
            ? "it is signed by another authority, is for another name, or is not valid now"
            : Line(tls.InnerException?.Message ?? tls.Message).TrimEnd('.');

    private static Exception Innermost(Exception thrown)
    {
        while (thrown.InnerException is { } inner)
            thrown = inner;
        return thrown;
    }

    // The API server's text is: <resource> is forbidden: User "<name>" cannot ...
    private static string ToWhom(string? message)
    {
        const string before = "User \"";
        if (message?.IndexOf(before, StringComparison.Ordinal) is not (>= 0 and var at))
            return "";

        var from = at + before.Length;
        var end = message.IndexOf('"', from);
        return end < 0 ? "" : $" to {Line(message[from..end])}";
    }

    private static bool IsTooLarge(ApiStatus? status) =>
        status?.Details?.Causes?.Any(
            cause => cause.Reason == "ResourceVersionTooLarge" || cause.Message == "Too large resource version") is true
        || status?.Message?.Contains("Too large resource version", StringComparison.Ordinal) is true;

    private static string Line(string text)
    {
        var line = OneLine.From(text, LongestText);
        return line.Length == 0 ? "no reason given" : line;
    }
}

/// <summary>The deadline of a call has passed.</summary>
internal sealed class ApiDeadlineException(TimeSpan deadline) : TimeoutException
{
    public TimeSpan Deadline { get; } = deadline;
}
