using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.HostChanges;

internal static partial class HostChangeLog
{
    [LoggerMessage(EventId = 8001, Level = LogLevel.Information, Message = "No {Source}, falling back to polling: {Reason}")]
    public static partial void SourceDown(ILogger logger, string source, string reason);

    [LoggerMessage(EventId = 8002, Level = LogLevel.Information, Message = "Receiving {Source} again")]
    public static partial void SourceUp(ILogger logger, string source);
}
