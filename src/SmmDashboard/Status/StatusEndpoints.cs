using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Status;

/// <summary>
/// <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> for the cluster's probes and scrapes, without TLS, at an address of their own. The API is
/// not served there, and they are not served where the API is.
/// </summary>
public sealed class StatusEndpoints(IEnumerable<IReadiness> parts, IEnumerable<IMetricSource> sources)
{
    private volatile bool _isStopping;

    private sealed class StatusConnection;

    /// <summary>From now on <c>/readyz</c> says that no new requests are to be sent here.</summary>
    public void Stop() => _isStopping = true;

    /// <summary>Marks the connections of the address that this is served at.</summary>
    public static void Mark(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Features.Set(new StatusConnection());
        return next(connection);
    });

    /// <summary>Whether the request came to the address of the status, whatever its Host header says.</summary>
    public static bool IsFor(HttpContext context) => context.Features.Get<StatusConnection>() is not null;

    public Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/healthz" => WriteAsync(context, StatusCodes.Status200OK, "ok\n"),
        "/readyz" => ReadyAsync(context),
        "/metrics" => WriteAsync(context, StatusCodes.Status200OK, Text()),
        _ => WriteAsync(context, StatusCodes.Status404NotFound, "there are /healthz, /readyz and /metrics\n"),
    };

    private Task ReadyAsync(HttpContext context)
    {
        var waits = parts.Select(part => part.WaitsFor).OfType<string>().ToList();
        if (_isStopping)
            waits.Insert(0, "the dashboard is stopping");
        string[] lines = waits.Count > 0 ? [.. waits] : ["ready", .. parts.SelectMany(part => part.Limitations).Select(limitation => $"limited: {limitation}")];
        return WriteAsync(context, waits.Count > 0 ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK, string.Join('\n', lines) + "\n");
    }

    private string Text()
    {
        var text = new StringBuilder();
        foreach (var metric in sources.SelectMany(source => source.Metrics))
            metric.WriteTo(text);
        return text.ToString();
    }

    private static async Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
