namespace SmmDashboard.Startup;

internal static partial class StartupLog
{
    [LoggerMessage(1, LogLevel.Information, "listening at {Address}, public URL {PublicUrl}")]
    public static partial void Listening(this ILogger log, string address, string publicUrl);
}
