namespace SmmDashboard.Http.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(210, LogLevel.Warning, "a connection of {Client} is refused: {Limit} (and {Withheld} other connections since the last such line)")]
    public static partial void ConnectionRefused(this ILogger log, string client, string limit, long withheld);

    [LoggerMessage(211, LogLevel.Error, "no connection can be accepted, it is tried again in 0.1 s: {Reason} (and {Withheld} times since the last such line)")]
    public static partial void CannotAccept(this ILogger log, string reason, long withheld);

    [LoggerMessage(212, LogLevel.Warning, "at most {Count} connections are accepted, not {Wanted}: the process may have {Files} open files; raise LimitNOFILE= or ulimit -n")]
    public static partial void FewConnections(this ILogger log, int count, int wanted, int files);
}
