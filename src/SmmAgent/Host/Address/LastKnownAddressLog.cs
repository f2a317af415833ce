using Microsoft.Extensions.Logging;

namespace SmmAgent.Host.Address;

internal static partial class LastKnownAddressLog
{
    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "Ignoring the last known address: {Reason}")]
    public static partial void LastKnownIgnored(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "Cannot save the last known address for the next start: {Reason}")]
    public static partial void LastKnownNotKept(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Debug, Message = "The dashboard did not report the address of this VM: {Reason}")]
    public static partial void DashboardKnowsNoAddress(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Information, Message = "The last known address is saved again")]
    public static partial void LastKnownKeptAgain(this ILogger logger);
}
