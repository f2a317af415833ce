using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

internal static partial class RegistrationLog
{
    [LoggerMessage(4001, LogLevel.Information, "Accepting registrations of sidecars on {Address} (TLS)")]
    public static partial void Listening(this ILogger<RegistrationListener> log, string address);

    [LoggerMessage(4002, LogLevel.Error, "The connection of a sidecar failed")]
    public static partial void Failed(this ILogger<RegistrationListener> log, Exception exception);

    [LoggerMessage(4003, LogLevel.Warning, "No certificate is issued to a sidecar that proved {Identity}: {Reason}")]
    public static partial void NotIssued(this ILogger<RegistrationService> log, string identity, string reason);

    [LoggerMessage(
        4004, LogLevel.Warning,
        "Closing connections that have not registered to accept new ones: the limits are {Total} in total and {PerClient} of one address, "
        + "and grow with --registered-sidecars; the last one was from {Address} (and {Withheld} others since the last such message)")]
    public static partial void PendingConnectionClosed(this ILogger log, int total, int perClient, string address, long withheld);

    [LoggerMessage(
        4005, LogLevel.Warning,
        "{Group} has reached a limit of registered sidecars from {Address}: the limits are {Total} in total (--registered-sidecars), "
        + "shared fairly by the WorkloadGroups, and {PerClient} of one address (and {Withheld} times since the last such message)")]
    public static partial void NoSlot(this ILogger log, GroupId group, string address, int total, int perClient, long withheld);
}
