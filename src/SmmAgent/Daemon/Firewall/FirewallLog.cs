using Microsoft.Extensions.Logging;
using SmmAgent.Core.Planning;

namespace SmmAgent.Daemon.Firewall;

internal static partial class FirewallLog
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "Firewall: {Step}")]
    public static partial void Repaired(ILogger logger, PlanStep step);
}
