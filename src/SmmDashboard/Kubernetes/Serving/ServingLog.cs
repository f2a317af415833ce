namespace SmmDashboard.Kubernetes.Serving;

internal static partial class ServingLog
{
    [LoggerMessage(220, LogLevel.Warning, "{Object}: {Reason}: {Message}")]
    public static partial void Faulty(this ILogger log, string @object, string reason, string message);

    [LoggerMessage(221, LogLevel.Information, "{Object}: nothing is wrong with it any more")]
    public static partial void Corrected(this ILogger log, string @object);

    [LoggerMessage(224, LogLevel.Warning, "{Count} more faults of objects: each is an Event of its object, and the VMs of a WorkloadGroup report those of theirs")]
    public static partial void MoreFaulty(this ILogger log, int count);

    [LoggerMessage(225, LogLevel.Information, "nothing is wrong with {Count} more objects any more")]
    public static partial void MoreCorrected(this ILogger log, int count);

    [LoggerMessage(223, LogLevel.Warning, "whether service accounts exist is not known: {Reason}")]
    public static partial void CannotSeeAccount(this ILogger log, string reason);

    [LoggerMessage(222, LogLevel.Warning, "faults of objects are in this log only, because no Event can be made: {Reason}")]
    public static partial void NoEvents(this ILogger log, string reason);
}
