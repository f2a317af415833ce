using System.Net;
using SmmAgent.Contract;
using k8s.Authentication;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>
/// Adds to each request what the library lacks: the token, a retry with fresh files after a 401, a deadline for the whole answer, a limit
/// on its size, and <c>Retry-After</c> of the server within the deadline. A watch gets only the first: its caller limits time and
/// lines.
/// </summary>
internal sealed class ApiHandler(ApiSettings settings, TimeProvider time) : DelegatingHandler
{
    /// <summary>Of a call that is not a watch.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>A page of 500 objects of 100 KiB each fits; the API server refuses objects above 3 MiB.</summary>
    public const int LargestBody = 64 * 1024 * 1024;

    private const int LargestRefusal = 64 * 1024;
    private static readonly HttpRequestOptionsKey<bool> OfWatch = new("smm-watch");
    private static readonly HttpRequestOptionsKey<bool> OnceOnly = new("smm-once");

    /// <summary>Marks a request as a watch: no deadline, and the body is not buffered.</summary>
    public static void MarkWatch(HttpRequestMessage request) => request.Options.Set(OfWatch, true);

    /// <summary>Marks a request whose caller has a backoff of its own: a 429 is handed to it.</summary>
    public static void MarkOnceOnly(HttpRequestMessage request) => request.Options.Set(OnceOnly, true);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Options.TryGetValue(OfWatch, out var watch) && watch)
        {
            var opened = await AuthorizedAsync(request, cancellationToken);
            // A refusal has an end, and a size that matters.
            if (!opened.IsSuccessStatusCode)
                await BufferAsync(opened, Deadline, cancellationToken);
            return opened;
        }

        using var deadline = new Deadline(Deadline, time, cancellationToken);
        var started = time.GetTimestamp();
        try
        {
            while (true)
            {
                var response = await AuthorizedAsync(request, deadline.Token);
                await response.Content.LoadIntoBufferAsync(response.IsSuccessStatusCode ? LargestBody : LargestRefusal, deadline.Token);
                if (Pause(request, response) is not { } pause || time.GetElapsedTime(started) + pause >= Deadline)
                    return response;

                response.Dispose();
                await Task.Delay(pause, time, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            throw new ApiDeadlineException(Deadline);
        }
    }

    private static TimeSpan? Pause(HttpRequestMessage request, HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
        && !request.Options.TryGetValue(OnceOnly, out _)
            ? response.Headers.RetryAfter?.Delta
            : null;

    private async Task BufferAsync(HttpResponseMessage refusal, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(atMost, time, cancellationToken);
        try
        {
            await refusal.Content.LoadIntoBufferAsync(LargestRefusal, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            throw new ApiDeadlineException(atMost);
        }
    }

    private async Task<HttpResponseMessage> AuthorizedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await SendOnceAsync(request, settings.Tokens, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || settings.Tokens is not TokenFile file)
            return response;

        response.Dispose();
        file.Forget();
        settings.Authorities?.Forget();
        return await SendOnceAsync(request, file, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request, ITokenProvider? tokens, CancellationToken cancellationToken)
    {
        if (tokens is not null)
            request.Headers.Authorization = await tokens.GetAuthenticationHeaderAsync(cancellationToken);
        if (settings.Client.TlsServerName is { Length: > 0 } name)
            request.Headers.Host = name;
        return await base.SendAsync(request, cancellationToken);
    }
}
