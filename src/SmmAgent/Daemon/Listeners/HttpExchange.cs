using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SmmAgent.Daemon.Listeners;

/// <summary>Answers one request.</summary>
public delegate Task HttpEndpoint(HttpExchange exchange);

/// <summary>One request and its answer, without the layers of ASP.NET: no routing, no middleware, no HttpContext.</summary>
public sealed class HttpExchange(IFeatureCollection features)
{
    public const string Text = "text/plain; charset=utf-8";

    private readonly IHttpRequestFeature _request = features.GetRequiredFeature<IHttpRequestFeature>();
    private readonly IHttpResponseFeature _response = features.GetRequiredFeature<IHttpResponseFeature>();
    private readonly IHttpRequestLifetimeFeature _lifetime = features.GetRequiredFeature<IHttpRequestLifetimeFeature>();

    public string Path => _request.Path;

    /// <summary>Whether the method is GET or HEAD; the agent serves no other.</summary>
    public bool IsRead => _request.Method is "GET" or "HEAD";

    public bool HasBody => _request.Headers.ContentLength > 0 || _request.Headers.TransferEncoding.Count > 0;

    public string? Accept => _request.Headers.Accept.Count == 1 ? _request.Headers.Accept[0] : null;

    /// <summary>Cancelled when the client closes the connection.</summary>
    public CancellationToken Gone => _lifetime.RequestAborted;

    public bool HasStarted => _response.HasStarted;

    public Stream Body => features.GetRequiredFeature<IHttpResponseBodyFeature>().Stream;

    public void Head(int status, string contentType, long? length = null)
    {
        _response.StatusCode = status;
        _response.Headers.ContentType = contentType;
        _response.Headers.ContentLength = length;
        _response.Headers.CacheControl = "no-store";
        _response.Headers.XContentTypeOptions = "nosniff";
    }

    public async Task AnswerAsync(int status, string text, string contentType = Text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Head(status, contentType, bytes.Length);
        await Body.WriteAsync(bytes, Gone);
    }

    public Task NotFoundAsync() => AnswerAsync(StatusCodes.Status404NotFound, "not found\n");

    public Task MethodNotAllowedAsync()
    {
        _response.Headers.Allow = "GET, HEAD";
        return AnswerAsync(StatusCodes.Status405MethodNotAllowed, "only GET and HEAD\n");
    }

    public Task BodyRefusedAsync()
    {
        _response.Headers.Connection = "close";
        return AnswerAsync(StatusCodes.Status413PayloadTooLarge, "a request here has no body\n");
    }

    public Task UnavailableAsync(string reason, TimeSpan? retryAfter = null)
    {
        if (retryAfter is { } after)
            _response.Headers.RetryAfter = ((int)after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return AnswerAsync(StatusCodes.Status503ServiceUnavailable, reason + "\n");
    }

    /// <summary>Closes the connection at once: the client must not take a partial answer for a complete one.</summary>
    public void Abort() => _lifetime.Abort();
}
