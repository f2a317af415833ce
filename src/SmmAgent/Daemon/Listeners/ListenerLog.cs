using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Listeners;

internal static partial class ListenerLog
{
    [LoggerMessage(EventId = 6101, Level = LogLevel.Warning, Message = "{Fault}; the next try comes in {Seconds} s")]
    public static partial void PortTaken(ILogger logger, string fault, int seconds);

    [LoggerMessage(EventId = 6102, Level = LogLevel.Information, Message = "port {Port} ({Name}) listens now")]
    public static partial void PortFree(ILogger logger, int port, string name);

    [LoggerMessage(EventId = 6103, Level = LogLevel.Error, Message = "a request on port {Port} failed: {Fault}")]
    public static partial void RequestFailed(ILogger logger, int port, string fault);
}
