namespace SmmDashboard.Embedded.Mesh;

internal static partial class MeshLog
{
    [LoggerMessage(100, LogLevel.Information, "{Path} was replaced and is served now: {Count} WorkloadGroups")]
    public static partial void Replaced(this ILogger<MeshWatcher> log, string path, int count);

    [LoggerMessage(101, LogLevel.Error, "{Path} is refused, the last good one stays: {Fault}")]
    public static partial void Refused(this ILogger<MeshWatcher> log, string path, string fault);

    [LoggerMessage(102, LogLevel.Warning, "{Path}: {Warning}")]
    public static partial void ReportWarning(this ILogger<MeshWatcher> log, string path, string warning);
}
