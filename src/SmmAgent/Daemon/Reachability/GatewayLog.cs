using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Reachability;

internal static partial class GatewayLog
{
    [LoggerMessage(EventId = 6007, Level = LogLevel.Information, Message = "{Gateway} fails: {Ports}")]
    public static partial void GatewayFails(ILogger logger, string gateway, string ports);

    [LoggerMessage(EventId = 6008, Level = LogLevel.Information, Message = "{Gateway} answers on every port")]
    public static partial void GatewayAnswers(ILogger logger, string gateway);
}
