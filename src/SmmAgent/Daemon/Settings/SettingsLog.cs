using Microsoft.Extensions.Logging;
using SmmAgent.Contract;

namespace SmmAgent.Daemon.Settings;

internal static partial class SettingsLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Settings of {File} are in force")]
    public static partial void SettingsInForce(this ILogger log, string file);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "{File} is not valid and changes nothing: {Fault}")]
    public static partial void SettingsRefused(this ILogger log, string file, Fault fault);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "{File}: {Fault}")]
    public static partial void SettingsWarning(this ILogger log, string file, Fault fault);
}
