namespace SmmDashboard.Embedded.Agents;

internal static partial class AgentLog
{
    [LoggerMessage(300, LogLevel.Error, "reports cannot be written below {Folder}: {Reason}; they are refused with 503 until it works again")]
    public static partial void CannotWrite(this ILogger<AgentFiles> log, string folder, string reason);

    [LoggerMessage(301, LogLevel.Information, "reports are written below {Folder} again")]
    public static partial void WritesAgain(this ILogger<AgentFiles> log, string folder);

    [LoggerMessage(302, LogLevel.Warning, "{Path} is skipped, its agent will bind anew: {Reason}")]
    public static partial void CannotRead(this ILogger<AgentFiles> log, string path, string reason);
}
