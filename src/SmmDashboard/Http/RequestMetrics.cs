using System.Collections.Concurrent;
using SmmDashboard.Status;

namespace SmmDashboard.Http;

/// <summary>Counts the requests of the API by route and status code. Clients do not choose the values of the labels.</summary>
public sealed class RequestMetrics : IMetricSource
{
    // The client closed the connection before the response: the code that nginx uses.
    private const int ClientClosed = 499;

    private const string NoRoute = "none";

    private readonly ConcurrentDictionary<(string Route, int Code), long> _counts = [];
    private int _inProgress;

    public IEnumerable<Metric> Metrics =>
    [
        Metric.Counter("smm_dashboard_http_requests_total",
            "Requests by route and status code; 499 if the client closed the connection before the response.",
            [.. _counts.OrderBy(count => count.Key)
                .Select(count => new Sample(count.Value, ("route", count.Key.Route), ("code", $"{count.Key.Code}")))]),
        Metric.Gauge("smm_dashboard_http_requests_in_progress", "Requests that are processed now; most of them wait in a long-poll.",
            new Sample(Volatile.Read(ref _inProgress))),
    ];

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End(HttpContext context)
    {
        Interlocked.Decrement(ref _inProgress);
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? NoRoute;
        var code = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted
            ? ClientClosed : context.Response.StatusCode;
        _counts.AddOrUpdate((route, code), 1, (_, count) => count + 1);
    }
}
