namespace SmmDashboard.Files.Registration;

internal static partial class RegistrationLog
{
    [LoggerMessage(400, LogLevel.Information, "sidecars register at {Address} (TLS)")]
    public static partial void Listening(this ILogger<RegistrationListener> log, string address);

    [LoggerMessage(402, LogLevel.Warning, "a sidecar that proved {Identity} gets no certificate: {Reason}")]
    public static partial void NotIssued(this ILogger<RegistrationDesk> log, string identity, string reason);

    [LoggerMessage(401, LogLevel.Error, "a sidecar's connection failed")]
    public static partial void Failed(this ILogger<RegistrationListener> log, Exception exception);
}
