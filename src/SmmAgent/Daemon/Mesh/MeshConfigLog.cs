using Microsoft.Extensions.Logging;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Mesh;

internal static partial class MeshConfigLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Information,
        Message = "Received the mesh configuration of {Group} from {Dashboard}, ETag {ETag}")]
    public static partial void Received(this ILogger log, string group, Uri dashboard, string etag);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "Ignoring the last good mesh configuration: {Reason}")]
    public static partial void LastGoodIgnored(this ILogger log, string reason);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning,
        Message = "The mesh configuration is in effect but not saved for the next start: {Reason}")]
    public static partial void NotSaved(this ILogger log, string reason);

    [LoggerMessage(EventId = 2004, EventName = LogText.Notice + "WaitsShorter", Level = LogLevel.Information,
        Message = "Requests to the dashboard are cut off after {After} s, while short requests work; "
            + "from now on, a request waits at most {Wait} s for a change")]
    public static partial void WaitsShorter(this ILogger log, int after, int wait);
}
