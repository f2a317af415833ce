namespace SmmDashboard.Kubernetes.Mesh;

internal static partial class KubernetesMeshLog
{
    [LoggerMessage(6201, LogLevel.Warning, "{Object}: {Reason}: {Message}")]
    public static partial void Faulty(this ILogger log, string @object, string reason, string message);

    [LoggerMessage(6202, LogLevel.Information, "{Object}: all faults are corrected")]
    public static partial void Corrected(this ILogger log, string @object);

    [LoggerMessage(6203, LogLevel.Warning,
        "{Count} more faults of objects: each one is an Event of its object, and VMs report the faults of their WorkloadGroup")]
    public static partial void MoreFaulty(this ILogger log, int count);

    [LoggerMessage(6204, LogLevel.Information, "All faults of {Count} more objects are corrected")]
    public static partial void MoreCorrected(this ILogger log, int count);

    [LoggerMessage(6205, LogLevel.Warning, "Cannot create Events, so faults of objects appear only in this log: {Reason}")]
    public static partial void NoEvents(this ILogger log, string reason);
}
