namespace SmmDashboard.Startup;

internal static partial class StartupLog
{
    [LoggerMessage(1001, LogLevel.Information, "Listening on {Address}, public URL {PublicUrl}")]
    public static partial void Listening(this ILogger log, string address, string publicUrl);
}
