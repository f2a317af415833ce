namespace SmmDashboard.Embedded.Mesh;

internal static partial class MeshLog
{
    [LoggerMessage(2001, LogLevel.Information, "{Path} has changed: {Count} WorkloadGroups are now served")]
    public static partial void Replaced(this ILogger<MeshWatcher> log, string path, int count);

    [LoggerMessage(2002, LogLevel.Error, "Ignoring invalid {Path}, keeping the last valid version: {Reason}")]
    public static partial void Refused(this ILogger<MeshWatcher> log, string path, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "{Path}: {Warning}")]
    public static partial void ReportWarning(this ILogger<MeshWatcher> log, string path, string warning);
}
