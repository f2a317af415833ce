using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Host.Status;

namespace SmmAgent.Checks.Observations;

/// <summary>The status that the running daemon reports in status.json.</summary>
/// <param name="Status">Null if no daemon runs or its file is unusable.</param>
/// <param name="Reason">The reason for the missing status; null if there is one.</param>
internal sealed record DaemonObservation(AgentStatus? Status, string? Reason)
{
    /// <summary>The command that starts the daemon, if it does not run.</summary>
    public string Remediation { get; private init; } = "sudo systemctl restart smm-agent, then check again";

    /// <summary>
    /// The line for a condition of the daemon, for a check that cannot observe it itself; null if the daemon does not report it.
    /// </summary>
    public CheckLine? LineFor(string type, string fix) => Status?.Conditions.FirstOrDefault(condition => condition.Type == type) switch
    {
        { Status: nameof(ConditionStatus.True), Reason: ConditionUpdate.Degraded, Message: var message }
            => CheckLine.Warn($"the daemon reports: {message}", fix),
        { Status: nameof(ConditionStatus.True), Message: var message } => CheckLine.Pass($"the daemon reports: {message}"),
        { Status: nameof(ConditionStatus.False), Message: var message } => CheckLine.Fail($"the daemon reports: {message}", fix),
        _ => null,
    };

    /// <param name="time">A file that is older than <see cref="StatusReader.StaleAfter"/> is that of a daemon that no longer runs.</param>
    public static DaemonObservation Read(AgentPaths paths, TimeProvider time)
    {
        var (_, status, fault) = StatusReader.Read(paths.Status);
        if (status is null)
        {
            return Path.Exists(paths.Status)
                ? new(null, fault)
                : new(null, fault) { Remediation = StoppedHost.Observe(paths, fault: null, time.GetUtcNow()).Steps[0] };
        }

        var age = time.GetUtcNow() - status.UpdatedAt;
        return age > StatusReader.StaleAfter
            ? new(null, $"smm-agent is not running, or hangs: {paths.Status} was written {Age.Text(age)} ago")
            : new(status, null);
    }
}
