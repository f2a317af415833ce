namespace SmmDashboard.Kubernetes.Watching;

internal static partial class ReflectorLog
{
    [LoggerMessage(6101, LogLevel.Information, "{Resource}: listed {Count} objects at resource version {Version}")]
    public static partial void Listed(this ILogger log, string resource, int count, string version);

    [LoggerMessage(6102, LogLevel.Warning, "{Fault}; what is known of {Resource} stays in use")]
    public static partial void Failed(this ILogger log, string resource, string fault);

    [LoggerMessage(6103, LogLevel.Information, "{Resource}: up to date again")]
    public static partial void Recovered(this ILogger log, string resource);

    [LoggerMessage(6104, LogLevel.Warning, "{Resource}: {What} cannot be read and keeps its last good copy: {Why}")]
    public static partial void Unreadable(this ILogger log, string resource, string what, string why);

    [LoggerMessage(EventId = 6105, Message = "{Resource}: the API server does not serve this kind; it is asked again each minute")]
    public static partial void NotServed(this ILogger log, LogLevel level, string resource);
}
