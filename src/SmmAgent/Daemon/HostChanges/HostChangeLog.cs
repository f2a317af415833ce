using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.HostChanges;

internal static partial class HostChangeLog
{
    [LoggerMessage(700, LogLevel.Information, "No {Source}: {Why}; looking from time to time instead")]
    public static partial void SourceDown(ILogger logger, string source, string why);

    [LoggerMessage(701, LogLevel.Information, "Receiving {Source} again")]
    public static partial void SourceUp(ILogger logger, string source);
}
