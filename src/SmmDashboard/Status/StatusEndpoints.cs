using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Status;

/// <summary>
/// <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c> and the pages of other folders for the probes and scrapes of the cluster, without
/// TLS, on a separate address. The API is not served there, and these pages are not served on the addresses of the API.
/// </summary>
public sealed class StatusEndpoints(
    IEnumerable<IReadiness> parts, IEnumerable<IMetricSource> sources, IEnumerable<StatusPage> pages)
{
    private volatile bool _isStopping;

    private sealed class StatusConnection;

    /// <summary>Makes <c>/readyz</c> fail, so that no new requests are sent here.</summary>
    public void Stop() => _isStopping = true;

    /// <summary>Marks the connections of the status address.</summary>
    public static void Mark(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Features.Set(new StatusConnection());
        return next(connection);
    });

    /// <summary>Whether the request came to the status address. The Host header is ignored.</summary>
    public static bool IsFor(HttpContext context) => context.Features.Get<StatusConnection>() is not null;

    public Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/healthz" => WriteAsync(context, StatusCodes.Status200OK, "ok\n"),
        "/readyz" => ReadyAsync(context),
        "/metrics" => WriteAsync(context, StatusCodes.Status200OK, Text(), "text/plain; version=0.0.4; charset=utf-8"),
        var path when pages.FirstOrDefault(page => page.Path == path) is { } page =>
            WriteAsync(context, StatusCodes.Status200OK, page.Content(), page.ContentType),
        _ => WriteAsync(context, StatusCodes.Status404NotFound, NotFound),
    };

    private string NotFound
    {
        get
        {
            string[] paths = ["/healthz", "/readyz", "/metrics", .. pages.Select(page => page.Path)];
            return $"not found; the paths are {string.Join(", ", paths[..^1])} and {paths[^1]}\n";
        }
    }

    private Task ReadyAsync(HttpContext context)
    {
        var waits = parts.Select(part => part.WaitsFor).OfType<string>().ToList();
        if (_isStopping)
            waits.Insert(0, "the dashboard is stopping");
        if (waits.Count > 0)
            return WriteAsync(context, StatusCodes.Status503ServiceUnavailable, string.Join('\n', waits) + "\n");

        var limitations = parts.SelectMany(part => part.Limitations).Select(limitation => $"limited: {limitation}");
        return WriteAsync(context, StatusCodes.Status200OK, string.Join('\n', limitations.Prepend("ready")) + "\n");
    }

    private string Text()
    {
        var text = new StringBuilder();
        foreach (var metric in sources.SelectMany(source => source.Metrics))
            metric.WriteTo(text);
        return text.ToString();
    }

    private static async Task WriteAsync(
        HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
