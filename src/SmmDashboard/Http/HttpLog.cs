namespace SmmDashboard.Http;

internal static partial class HttpLog
{
    [LoggerMessage(1101, LogLevel.Error, "{Method} {Route} failed")]
    public static partial void Failed(this ILogger<RequestGuard> log, Exception exception, string method, string route);
}
