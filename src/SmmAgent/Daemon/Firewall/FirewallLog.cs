using Microsoft.Extensions.Logging;
using SmmAgent.Core.Planning;

namespace SmmAgent.Daemon.Firewall;

internal static partial class FirewallLog
{
    [LoggerMessage(EventId = 400, Level = LogLevel.Information, Message = "firewall: {Step}")]
    public static partial void Repaired(ILogger logger, PlanStep step);
}
