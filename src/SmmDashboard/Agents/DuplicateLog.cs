using SmmDashboard.Groups;

namespace SmmDashboard.Agents;

/// <summary>Log events about two hosts with one identity.</summary>
internal static partial class DuplicateLog
{
    [LoggerMessage(
        3101, LogLevel.Warning,
        "Two hosts report as agent {Uuid} of {Group}, so one is a copy of the other: {Hosts}; "
        + "both agents report how to fix the copy, and only the reports of the host that was seen first are kept")]
    public static partial void DuplicateBegins(this ILogger log, Guid uuid, GroupId group, string hosts);

    [LoggerMessage(3102, LogLevel.Information, "Only one host reports as agent {Uuid} of {Group} again")]
    public static partial void DuplicateEnds(this ILogger log, Guid uuid, GroupId group);
}
