using SmmDashboard.Groups;

namespace SmmDashboard.Agents;

/// <summary>What a dashboard logs of two hosts with one identity.</summary>
internal static partial class DuplicateLog
{
    [LoggerMessage(303, LogLevel.Warning, "two hosts report as agent {Uuid} of {Group}, so one is a copy of the other: {Hosts}; both are told how to cure the copy, and the reports of the one that was seen first are kept")]
    public static partial void DuplicateBegins(this ILogger log, Guid uuid, GroupId group, string hosts);

    [LoggerMessage(304, LogLevel.Information, "one host reports as agent {Uuid} of {Group} again")]
    public static partial void DuplicateEnds(this ILogger log, Guid uuid, GroupId group);
}
