using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.Agents;

/// <summary>Logs the first report of each machine, at most some lines per minute: a client can create any number of uuids.</summary>
public sealed class FirstReports(TimeProvider clock, ILogger log)
{
    /// <summary>The number of lines at once, and per minute after that.</summary>
    public const int Burst = 20;

    private readonly LogLimiter _limiter = new(clock, Burst);

    public void Report(GroupId group, Guid uuid, AgentReport report)
    {
        if (_limiter.TryAcquire(out var withheld))
        {
            log.FirstReport(
                uuid, $"{group}", NameRules.Shown(report.Host.Hostname), report.Address?.Value ?? "an unknown address",
                NameRules.Shown(report.Versions.Agent), withheld);
        }
    }
}

internal static partial class FirstReportsLog
{
    [LoggerMessage(
        3203, LogLevel.Information,
        "First report of agent {Uuid} of {Group}: {Host} at {Address}, smm-agent {Version} "
        + "(and {Withheld} others since the last such message)")]
    public static partial void FirstReport(
        this ILogger log, Guid uuid, string group, string host, string address, string version, long withheld);
}
