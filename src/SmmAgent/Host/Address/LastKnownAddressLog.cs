using Microsoft.Extensions.Logging;

namespace SmmAgent.Host.Address;

internal static partial class LastKnownAddressLog
{
    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "Last known address is ignored: {Problem}")]
    public static partial void LastKnownIgnored(this ILogger logger, string problem);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "Last known address cannot be kept over a restart: {Problem}")]
    public static partial void LastKnownNotKept(this ILogger logger, string problem);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Information, Message = "Last known address can be kept over a restart again")]
    public static partial void LastKnownKeptAgain(this ILogger logger);
}
