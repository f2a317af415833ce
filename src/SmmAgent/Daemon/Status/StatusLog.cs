using Microsoft.Extensions.Logging;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Status;

internal static partial class StatusLog
{
    [LoggerMessage(EventId = 6001, Message = "{Condition} is {Status}, {Reason}: {Detail}{Hint}")]
    public static partial void ConditionChanged(
        ILogger logger, LogLevel level, string condition, string status, string reason, string detail, string hint);

    [LoggerMessage(EventId = 6009, EventName = LogText.Notice + nameof(ConditionRecovered), Level = LogLevel.Information,
        Message = "{Condition} is {Status}, {Reason}: {Detail} (after {Duration})")]
    public static partial void ConditionRecovered(
        ILogger logger, string condition, string status, string reason, string detail, string duration);

    [LoggerMessage(EventId = 6010, Level = LogLevel.Warning,
        Message = "{Condition} is {Status}, {Reason}: {Detail} ({Changes} changes since the last message about it were not logged)")]
    public static partial void ConditionUnsteady(
        ILogger logger, string condition, string status, string reason, string detail, int changes);

    [LoggerMessage(EventId = 6011, EventName = LogText.Notice + nameof(Attached), Level = LogLevel.Information,
        Message = "Everything is well since this start: {Line}")]
    public static partial void Attached(ILogger logger, string line);

    [LoggerMessage(EventId = 9001, Level = LogLevel.Information, Message = "smm-agent {Version} is ready: {Line}")]
    public static partial void Ready(ILogger logger, string version, string line);

    [LoggerMessage(EventId = 9002, Level = LogLevel.Error,
        Message = "No progress in {Loops}; withholding the watchdog notification")]
    public static partial void Hung(ILogger logger, string loops);

    [LoggerMessage(EventId = 9003, Level = LogLevel.Warning, Message = "All loops make progress again")]
    public static partial void NoLongerHung(ILogger logger);
}
