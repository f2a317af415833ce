using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Status;

internal static partial class StatusFileLog
{
    [LoggerMessage(EventId = 6005, Level = LogLevel.Warning,
        Message = "{Path} cannot be written: {Fault}; smm-agent status will call it stale, everything else works on")]
    public static partial void FileNotWritable(ILogger logger, string path, string fault);

    [LoggerMessage(EventId = 6006, Level = LogLevel.Information, Message = "{Path} is written again")]
    public static partial void FileWritable(ILogger logger, string path);
}
