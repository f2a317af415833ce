using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Reachability;

internal static partial class GatewayLog
{
    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "{Gateway} fails: {Ports}")]
    public static partial void GatewayFails(ILogger logger, string gateway, string ports);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Information, Message = "{Gateway} answers on every port")]
    public static partial void GatewayAnswers(ILogger logger, string gateway);
}
