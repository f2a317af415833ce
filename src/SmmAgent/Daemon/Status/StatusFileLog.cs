using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Status;

internal static partial class StatusFileLog
{
    [LoggerMessage(EventId = 6005, Level = LogLevel.Warning,
        Message = "Cannot write {Path}: {Reason}; smm-agent status will report it as stale, everything else continues to work")]
    public static partial void FileNotWritable(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 6006, Level = LogLevel.Information, Message = "{Path} is written again")]
    public static partial void FileWritable(ILogger logger, string path);
}
