using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>A proxy in front of the real API server that makes one fault when a test asks for it, and notes every request.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _upstream;
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly Lock _lock = new();
    private readonly List<(Func<string, bool> For, Func<HttpContext, Task> Answer)> _answers = [];
    private volatile CancellationTokenSource _watches = new();
    private volatile StreamEnd _end;
    private volatile bool _isAway;

    private FaultProxy(WebApplication app, HttpClient upstream) => (_app, _upstream) = (app, upstream);

    private enum StreamEnd
    {
        Abort,
        HalfLine,
        Stall,
        Close,
    }

    /// <summary>Path and query of every request, in order.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public IReadOnlyList<string> Watches => [.. _requests.Where(IsWatch)];

    public IReadOnlyList<string> Lists =>
        [.. _requests.Where(request => !IsWatch(request) && request.Contains("configmaps?", StringComparison.Ordinal))];

    public string? UserAgent { get; private set; }

    public Uri Address { get; private set; } = null!;

    public static async Task<FaultProxy> StartAsync(RunningApiServer server, string certificateName = "127.0.0.1", TestPki? pki = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = (pki ?? server.Pki).Server(certificateName);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = RunningApiServer.Trusting(server.Pki) } };
        var proxy = new FaultProxy(app, new HttpClient(handler) { BaseAddress = server.Address, Timeout = Timeout.InfiniteTimeSpan });
        app.Run(proxy.HandleAsync);
        await app.StartAsync();
        proxy.Address = new Uri(app.Urls.First());
        return proxy;
    }

    public static bool IsWatch(string request) => request.Contains("watch=true", StringComparison.Ordinal);

    /// <summary>Answers the next request of a kind itself.</summary>
    public void AnswerNext(Func<string, bool> request, Func<HttpContext, Task> answer)
    {
        lock (_lock)
            _answers.Add((request, answer));
    }

    public void AnswerNext(Func<string, bool> request, int status, string body, string? retryAfter = null) =>
        AnswerNext(request, async context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync(body, context.RequestAborted);
    });

    /// <summary>The next watch gets these lines, and stays open.</summary>
    public void SendNext(params string[] lines) => AnswerNext(IsWatch, async context =>
    {
        foreach (var line in lines)
            await context.Response.WriteAsync(line + "\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await ForwardedUntilEndAsync(context);
    });

    /// <summary>Breaks every open watch.</summary>
    public void Cut() => End(StreamEnd.Abort);

    /// <summary>Sends half a line on every open watch, and breaks it.</summary>
    public void CutInLine() => End(StreamEnd.HalfLine);

    /// <summary>Sends nothing any more on the open watches, which stay open.</summary>
    public void Stall() => End(StreamEnd.Stall);

    /// <summary>Ends every open watch as the server does at its time limit.</summary>
    public void Close() => End(StreamEnd.Close);

    /// <summary>Breaks every connection, and each new one until <see cref="Serve"/>.</summary>
    public void RefuseAll()
    {
        _isAway = true;
        Cut();
    }

    public void Serve() => _isAway = false;

    public async ValueTask DisposeAsync()
    {
        End(StreamEnd.Abort);
        using (var now = new CancellationTokenSource(TimeSpan.Zero))
            await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _upstream.Dispose();
    }

    private void End(StreamEnd end)
    {
        _end = end;
        var old = _watches;
        _watches = new CancellationTokenSource();
        old.Cancel();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var asked = $"{context.Request.Path}{context.Request.QueryString}";
        // Before the test can see the request, so that a cut after that is one of this watch.
        var watches = _watches.Token;
        context.Items[nameof(_watches)] = watches;
        _requests.Enqueue(asked);
        UserAgent = context.Request.Headers.UserAgent;
        if (_isAway)
        {
            context.Abort();
            return;
        }

        if (Answer(asked) is { } answer)
        {
            await answer(context);
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), asked);
        request.Headers.TryAddWithoutValidation("Authorization", (string?)context.Request.Headers.Authorization);
        if (context.Request.ContentLength > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(watches, context.RequestAborted);
        try
        {
            using var response = await _upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            await context.Response.Body.FlushAsync(context.RequestAborted);
            var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            var buffer = new byte[64 * 1024];
            while (await body.ReadAsync(buffer, IsWatch(asked) ? end.Token : context.RequestAborted) is > 0 and var read)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (watches.IsCancellationRequested)
        {
            await EndAsync(context);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // The client went away.
        }
    }

    private Func<HttpContext, Task>? Answer(string asked)
    {
        lock (_lock)
        {
            var at = _answers.FindIndex(answer => answer.For(asked));
            if (at < 0)
                return null;
            var found = _answers[at].Answer;
            _answers.RemoveAt(at);
            return found;
        }
    }

    private async Task ForwardedUntilEndAsync(HttpContext context)
    {
        var watches = (CancellationToken)context.Items[nameof(_watches)]!;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(watches, context.RequestAborted);
        try
        {
            await Task.Delay(Timeout.Infinite, end.Token);
        }
        catch (OperationCanceledException) when (watches.IsCancellationRequested)
        {
            await EndAsync(context);
        }
        catch (OperationCanceledException)
        {
            // The client went away.
        }
    }

    private async Task EndAsync(HttpContext context)
    {
        switch (_end)
        {
            case StreamEnd.HalfLine:
                await context.Response.WriteAsync("""{"type":"MODIFIED","object":{"metadata":{"name":"ha""", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                break;
            case StreamEnd.Stall:
                try
                {
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                }
                catch (OperationCanceledException)
                {
                    // The client gave up: what the test waits for.
                }

                break;
            case StreamEnd.Abort:
                context.Abort();
                break;
        }
    }
}
