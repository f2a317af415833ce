using Microsoft.Extensions.Logging;
using SmmAgent.Contract;

namespace SmmAgent.Daemon.Settings;

internal static partial class SettingsLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Settings from {File} are in effect")]
    public static partial void SettingsInForce(this ILogger log, string file);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "Ignoring invalid {File}, keeping the previous settings: {Reason}")]
    public static partial void SettingsRefused(this ILogger log, string file, InputError reason);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "{File}: {Reason}")]
    public static partial void SettingsWarning(this ILogger log, string file, InputError reason);
}
