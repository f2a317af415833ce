using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

internal static partial class MachineLog
{
    [LoggerMessage(6601, LogLevel.Warning,
        "{Missing}: each replica keeps agents in memory, kubectl does not show them, and they bind again after a restart. Install "
            + "the CustomResourceDefinition of smm-agent; the dashboard finds it within a minute")]
    public static partial void NoKind(this ILogger log, string missing);

    [LoggerMessage(6602, LogLevel.Information, "The API server serves {Kind}; agents are stored in the cluster")]
    public static partial void HasKind(this ILogger log, string kind);

    [LoggerMessage(6603, LogLevel.Warning,
        "{Fault}. Until then each replica keeps the agents of namespace {Namespace} in memory and tries again every minute")]
    public static partial void Forbidden(this ILogger log, string fault, string @namespace);

    [LoggerMessage(6604, LogLevel.Information, "The agents of namespace {Namespace} are stored in the cluster again")]
    public static partial void Allowed(this ILogger log, string @namespace);

    [LoggerMessage(6605, LogLevel.Warning,
        "Cannot write the report of machine {Machine}; the next one is tried: {Fault} (and {Withheld} others since "
            + "the last such message)")]
    public static partial void NotWritten(this ILogger log, ObjectKey machine, string fault, long withheld);

    [LoggerMessage(6606, LogLevel.Warning, "{Count} reports wait to be written: {Fault}")]
    public static partial void Waiting(this ILogger log, int count, string fault);

    [LoggerMessage(6607, LogLevel.Information, "Reports are written again ({Count} wait)")]
    public static partial void WritesAgain(this ILogger log, int count);

    [LoggerMessage(6608, LogLevel.Warning, "{Count} reports were not written before the dashboard stopped")]
    public static partial void NotFlushed(this ILogger log, int count);

    [LoggerMessage(6609, LogLevel.Information, "Machine {Machine} has been silent for 15 minutes")]
    public static partial void Silent(this ILogger log, ObjectKey machine);

    [LoggerMessage(6610, LogLevel.Information, "Machine {Machine} has been silent for 30 days and is deleted")]
    public static partial void Deleted(this ILogger log, ObjectKey machine);

    [LoggerMessage(6611, LogLevel.Warning, "Cannot sweep silent machines: {Fault}")]
    public static partial void NotSwept(this ILogger log, string fault);

    [LoggerMessage(6612, LogLevel.Information, "This replica holds the Lease {Lease} and sweeps silent machines")]
    public static partial void Leads(this ILogger log, string lease);

    [LoggerMessage(6613, LogLevel.Information, "This replica no longer holds the Lease {Lease}")]
    public static partial void NoLongerLeads(this ILogger log, string lease);

    [LoggerMessage(6614, LogLevel.Information, "Machine {Machine} has moved from WorkloadGroup {From} to {To}")]
    public static partial void Moved(this ILogger log, ObjectKey machine, string from, string to);

    [LoggerMessage(6615, LogLevel.Information, "Machine {Machine} was detached a day ago and is deleted")]
    public static partial void DeletedAfterDetach(this ILogger log, ObjectKey machine);
}
