namespace SmmDashboard.Kubernetes.Watching;

internal static partial class ReflectorLog
{
    [LoggerMessage(6101, LogLevel.Information, "Listed {Count} objects of {Resource} at resource version {Version}")]
    public static partial void Listed(this ILogger log, string resource, int count, string version);

    [LoggerMessage(6102, LogLevel.Warning, "{Fault}; the last known state of {Resource} stays in use")]
    public static partial void Failed(this ILogger log, string resource, string fault);

    [LoggerMessage(6103, LogLevel.Information, "The cache of {Resource} is up to date again")]
    public static partial void Recovered(this ILogger log, string resource);

    [LoggerMessage(6104, LogLevel.Warning, "Cannot read {What} of {Resource}; its last good copy stays in use: {Reason}")]
    public static partial void Unreadable(this ILogger log, string resource, string what, string reason);

    [LoggerMessage(EventId = 6105, Message = "The API server does not serve {Resource}; the dashboard asks again every minute")]
    public static partial void NotServed(this ILogger log, LogLevel level, string resource);
}
