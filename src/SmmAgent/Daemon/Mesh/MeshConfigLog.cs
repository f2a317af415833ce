using Microsoft.Extensions.Logging;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Mesh;

internal static partial class MeshConfigLog
{
    [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "Mesh configuration of {Group} received from {Dashboard}, ETag {ETag}")]
    public static partial void Received(this ILogger log, string group, Uri dashboard, string etag);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "Last good mesh configuration is not used: {Fault}")]
    public static partial void LastGoodIgnored(this ILogger log, string fault);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Warning, Message = "Mesh configuration is in force but not saved for the next start: {Fault}")]
    public static partial void NotSaved(this ILogger log, string fault);

    [LoggerMessage(EventId = 1104, EventName = LogText.Notice + "WaitsShorter", Level = LogLevel.Information,
        Message = "something between this VM and the dashboard ends requests that are open for {After} s, while short ones work: "
            + "the agent waits at most {Wait} s for a change from now on")]
    public static partial void WaitsShorter(this ILogger log, int after, int wait);
}
