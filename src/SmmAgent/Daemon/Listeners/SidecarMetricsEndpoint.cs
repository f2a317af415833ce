using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace SmmAgent.Daemon.Listeners;

/// <summary>The limits of forwarding the sidecar's metrics.</summary>
public sealed record SidecarMetricsLimits
{
    public long MaximumBytes { get; init; } = 16 * 1024 * 1024;

    public TimeSpan MaximumTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The limit of concurrent scrapes: a scrape costs the sidecar far more than it costs the client.</summary>
    public int MaximumScrapes { get; init; } = 4;
}

/// <summary>Port 16401: forwards the sidecar's merged metrics, which the sidecar serves on loopback.</summary>
public sealed class SidecarMetricsEndpoint : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Uri _upstream;
    private readonly SidecarMetricsLimits _limits;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;
    private int _scrapes;

    public SidecarMetricsEndpoint(TimeProvider time, SidecarMetricsLimits limits, int upstreamPort = 15020)
    {
        (_time, _limits) = (time, limits);
        _upstream = new Uri($"http://127.0.0.1:{upstreamPort}/stats/prometheus");
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = limits.MaximumScrapes,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1),
            ResponseDrainTimeout = TimeSpan.Zero,
        });
    }

    public async Task ServeAsync(HttpExchange exchange)
    {
        if (exchange.Path is not ("/metrics" or "/stats/prometheus"))
        {
            await exchange.NotFoundAsync();
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _scrapes) <= _limits.MaximumScrapes)
                await ForwardAsync(exchange);
            else
                await exchange.UnavailableAsync($"{_limits.MaximumScrapes} scrapes are already in progress", RetryAfter);
        }
        finally
        {
            Interlocked.Decrement(ref _scrapes);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task ForwardAsync(HttpExchange exchange)
    {
        using var timeout = new CancellationTokenSource(_limits.MaximumTime, _time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, exchange.Gone);
        try
        {
            await FetchAsync(exchange, cancel.Token);
        }
        catch (OperationCanceledException) when (exchange.Gone.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            if (exchange.HasStarted)
                exchange.Abort();
            else
                await exchange.UnavailableAsync(Reason(exception, timeout.IsCancellationRequested));
        }
    }

    private async Task FetchAsync(HttpExchange exchange, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _upstream);
        if (exchange.Accept is { } accept)
            request.Headers.TryAddWithoutValidation("Accept", accept); // the sidecar chooses between the formats of Prometheus
        using var response = await _client.SendAsync(request, cancel);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            await exchange.UnavailableAsync($"the sidecar answered {(int)response.StatusCode} to {_upstream}");
            return;
        }

        var length = response.Content.Headers.ContentLength;
        if (length > _limits.MaximumBytes)
        {
            await exchange.UnavailableAsync(
                $"the sidecar's metrics are {length} bytes, more than the {_limits.MaximumBytes} that the agent forwards");
            return;
        }

        await using var source = await response.Content.ReadAsStreamAsync(cancel);
        await CopyAsync(source, exchange, response.Content.Headers.ContentType?.ToString() ?? "text/plain; version=0.0.4", length, cancel);
    }

    // The head is sent with the first bytes, so that a sidecar that sends none can still result in a 503.
    private async Task CopyAsync(Stream source, HttpExchange exchange, string contentType, long? length, CancellationToken cancel)
    {
        var buffer = new byte[16 * 1024];
        long total = 0;
        var read = await source.ReadAsync(buffer, cancel);
        exchange.Head(StatusCodes.Status200OK, contentType, length);
        while (read > 0)
        {
            total += read;
            if (total > _limits.MaximumBytes)
            {
                exchange.Abort();
                return;
            }

            await exchange.Body.WriteAsync(buffer.AsMemory(0, read), cancel);
            read = await source.ReadAsync(buffer, cancel);
        }
    }

    private string Reason(Exception exception, bool timedOut) => exception switch
    {
        _ when timedOut => $"the sidecar did not answer within {_limits.MaximumTime.TotalSeconds:0} s at {_upstream}",
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            $"the sidecar is not running: {_upstream.Authority} refused the connection; systemctl status istio",
        _ => $"the sidecar aborted its answer: {exception.Message}",
    };
}
