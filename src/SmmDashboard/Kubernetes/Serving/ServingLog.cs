namespace SmmDashboard.Kubernetes.Serving;

internal static partial class ServingLog
{
    [LoggerMessage(6201, LogLevel.Warning, "{Object}: {Reason}: {Message}")]
    public static partial void Faulty(this ILogger log, string @object, string reason, string message);

    [LoggerMessage(6202, LogLevel.Information, "{Object}: nothing is wrong with it any more")]
    public static partial void Corrected(this ILogger log, string @object);

    [LoggerMessage(6203, LogLevel.Warning,
        "{Count} more faults of objects: each is an Event of its object, and the VMs of a WorkloadGroup report those of theirs")]
    public static partial void MoreFaulty(this ILogger log, int count);

    [LoggerMessage(6204, LogLevel.Information, "nothing is wrong with {Count} more objects any more")]
    public static partial void MoreCorrected(this ILogger log, int count);

    [LoggerMessage(6206, LogLevel.Warning, "whether service accounts exist is not known: {Reason}")]
    public static partial void CannotSeeAccount(this ILogger log, string reason);

    [LoggerMessage(6205, LogLevel.Warning, "faults of objects are in this log only, because no Event can be made: {Reason}")]
    public static partial void NoEvents(this ILogger log, string reason);
}
