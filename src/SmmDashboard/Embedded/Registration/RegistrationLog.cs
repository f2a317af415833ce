namespace SmmDashboard.Embedded.Registration;

internal static partial class RegistrationLog
{
    [LoggerMessage(400, LogLevel.Information, "sidecars register at {Address} (TLS)")]
    public static partial void Listening(this ILogger<RegistrationListener> log, string address);

    [LoggerMessage(402, LogLevel.Warning, "a sidecar that proved {Identity} gets no certificate: {Reason}")]
    public static partial void NotIssued(this ILogger<RegistrationService> log, string identity, string reason);

    [LoggerMessage(403, LogLevel.Warning, "connections that do not register make way for others: at most {Total} may be open, {PerClient} of one address; the last one was of {Address} (and {Withheld} others since the last such line)")]
    public static partial void PendingConnectionClosed(this ILogger log, int total, int perClient, string address, long withheld);

    [LoggerMessage(404, LogLevel.Warning, "a limit of registered sidecars is reached by {Group} from {Address}: at most {Total} in total, of which each WorkloadGroup has a fair share, and {PerClient} of one address (and {Withheld} times since the last such line)")]
    public static partial void NoPlace(this ILogger log, SmmDashboard.Groups.GroupId group, string address, int total, int perClient, long withheld);

    [LoggerMessage(401, LogLevel.Error, "a sidecar's connection failed")]
    public static partial void Failed(this ILogger<RegistrationListener> log, Exception exception);
}
