using System.Net;
using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Address;

internal static partial class ExternalAddressLog
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information,
        Message = "The external address changed from {Before} to {After} ({Source})")]
    public static partial void AddressChanged(this ILogger logger, IPAddress before, IPAddress after, string source);
}
