using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Machines;

internal static partial class MachineLog
{
    [LoggerMessage(6601, LogLevel.Warning,
        "{Missing}: agents are kept in the memory of each replica, kubectl does not show them, and they bind anew after a restart. Install "
            + "the CustomResourceDefinition of smm-agent: it is found within a minute")]
    public static partial void NoKind(this ILogger log, string missing);

    [LoggerMessage(6602, LogLevel.Information, "{Kind} is served: agents are kept in the cluster")]
    public static partial void HasKind(this ILogger log, string kind);

    [LoggerMessage(6603, LogLevel.Warning,
        "{Fault}. Until then the agents of namespace {Namespace} are kept in the memory of each replica. It is tried again each minute")]
    public static partial void Forbidden(this ILogger log, string fault, string @namespace);

    [LoggerMessage(6604, LogLevel.Information, "the agents of namespace {Namespace} are kept in the cluster again")]
    public static partial void Allowed(this ILogger log, string @namespace);

    [LoggerMessage(6605, LogLevel.Warning,
        "the report of machine {Machine} is not written, its next one is tried again: {Fault} (and {Withheld} others since "
            + "the last such line)")]
    public static partial void NotWritten(this ILogger log, ObjectKey machine, string fault, long withheld);

    [LoggerMessage(6606, LogLevel.Warning, "reports wait to be written ({Count}): {Fault}")]
    public static partial void Waiting(this ILogger log, int count, string fault);

    [LoggerMessage(6607, LogLevel.Information, "reports are written again ({Count} wait)")]
    public static partial void WritesAgain(this ILogger log, int count);

    [LoggerMessage(6608, LogLevel.Warning, "{Count} reports were not written before the end")]
    public static partial void NotFlushed(this ILogger log, int count);

    [LoggerMessage(6609, LogLevel.Information, "machine {Machine} has been silent for 15 minutes")]
    public static partial void Silent(this ILogger log, ObjectKey machine);

    [LoggerMessage(6610, LogLevel.Information, "machine {Machine} has been silent for 30 days and is deleted")]
    public static partial void Deleted(this ILogger log, ObjectKey machine);

    [LoggerMessage(6611, LogLevel.Warning, "silent machines are not swept now: {Fault}")]
    public static partial void NotSwept(this ILogger log, string fault);

    [LoggerMessage(6612, LogLevel.Information, "this replica holds the Lease {Lease} and sweeps silent machines")]
    public static partial void Leads(this ILogger log, string lease);

    [LoggerMessage(6613, LogLevel.Information, "this replica no longer holds the Lease {Lease}")]
    public static partial void NoLongerLeads(this ILogger log, string lease);

    [LoggerMessage(6614, LogLevel.Information, "machine {Machine} has moved from WorkloadGroup {From} to {To}")]
    public static partial void Moved(this ILogger log, ObjectKey machine, string from, string to);
}
