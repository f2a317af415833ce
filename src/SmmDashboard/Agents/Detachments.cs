using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.Agents;

/// <summary>
/// Logs when a machine is detached and when it reports again, at most some lines per minute: the holder of a key can alternate both.
/// </summary>
public sealed class Detachments(TimeProvider clock, ILogger log)
{
    /// <summary>How long a detached machine is shown before it is forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private const int LinesPerMinute = 20;

    private readonly LogLimiter _detached = new(clock, LinesPerMinute);
    private readonly LogLimiter _back = new(clock, LinesPerMinute);

    /// <summary>Logs the change that a report makes, if any.</summary>
    /// <param name="wasDetached">Whether the report before said that the agent was detached.</param>
    public void Report(GroupId group, Guid uuid, AgentReport report, bool wasDetached)
    {
        if (report.Detached == wasDetached)
            return;

        if ((report.Detached ? _detached : _back).TryAcquire(out var withheld))
        {
            var host = NameRules.Shown(report.Host.Hostname);
            if (report.Detached)
                log.Detached(uuid, $"{group}", host, withheld);
            else
                log.ReportsAgain(uuid, $"{group}", host, withheld);
        }
    }
}

internal static partial class DetachmentsLog
{
    [LoggerMessage(
        3205, LogLevel.Information,
        "Agent {Uuid} of {Group} on {Host} was detached (and {Withheld} others since the last such message)")]
    public static partial void Detached(this ILogger log, Guid uuid, string group, string host, long withheld);

    [LoggerMessage(
        3206, LogLevel.Information,
        "Agent {Uuid} of {Group} on {Host} reports again after it was detached (and {Withheld} others since the last such message)")]
    public static partial void ReportsAgain(this ILogger log, Guid uuid, string group, string host, long withheld);
}
