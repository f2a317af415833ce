namespace SmmDashboard.Http.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(
        1201, LogLevel.Warning,
        "Refused a connection from {Client}: {Reason} (and {Withheld} other connections since the last such message)")]
    public static partial void ConnectionRefused(this ILogger log, string client, string reason, long withheld);

    [LoggerMessage(
        1202, LogLevel.Error, "Cannot accept connections, retrying in 0.1 s: {Reason} (and {Withheld} times since the last such message)")]
    public static partial void CannotAccept(this ILogger log, string reason, long withheld);

    [LoggerMessage(
        1203, LogLevel.Warning,
        "Accepting at most {Count} connections instead of {Wanted} ({Option}): the process may open only {Files} files; "
        + "raise LimitNOFILE= or ulimit -n")]
    public static partial void FewConnections(this ILogger log, string option, int count, int wanted, int files);
}
