namespace SmmDashboard.Embedded.Agents;

internal static partial class AgentLog
{
    [LoggerMessage(3001, LogLevel.Error, "Cannot write reports below {Folder}, refusing them with 503 until it works again: {Reason}")]
    public static partial void CannotWrite(this ILogger<AgentFiles> log, string folder, string reason);

    [LoggerMessage(3002, LogLevel.Information, "Reports are written below {Folder} again")]
    public static partial void WritesAgain(this ILogger<AgentFiles> log, string folder);

    [LoggerMessage(3003, LogLevel.Warning, "Skipping {Path}, the next report of its agent binds a new key: {Reason}")]
    public static partial void CannotRead(this ILogger<AgentFiles> log, string path, string reason);
}
