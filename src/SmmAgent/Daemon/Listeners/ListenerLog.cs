using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Listeners;

internal static partial class ListenerLog
{
    [LoggerMessage(EventId = 7001, Level = LogLevel.Warning, Message = "Cannot serve a port, retrying in {Seconds} s: {Reason}")]
    public static partial void PortTaken(ILogger logger, int seconds, string reason);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Information, Message = "Port {Port} ({Name}) is served now")]
    public static partial void PortFree(ILogger logger, int port, string name);

    [LoggerMessage(EventId = 7003, Level = LogLevel.Error, Message = "A request on port {Port} failed: {Reason}")]
    public static partial void RequestFailed(ILogger logger, int port, string reason);
}
