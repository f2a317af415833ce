using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Host.Status;

namespace SmmAgent.Checks.Observations;

/// <summary>What the running daemon says of itself in status.json.</summary>
/// <param name="Status">Null when no daemon runs, or its file cannot be used.</param>
/// <param name="Reason">Why there is none; null when there is one.</param>
internal sealed record DaemonObservation(AgentStatus? Status, string? Reason)
{
    /// <summary>What the daemon says of a condition, for a check that cannot look itself; null when it says nothing.</summary>
    public CheckLine? LineFor(string type, string cure) => Status?.Conditions.FirstOrDefault(condition => condition.Type == type) switch
    {
        { Status: nameof(ConditionStatus.True), Reason: ConditionUpdate.Degraded, Message: var message } => CheckLine.Warn($"the daemon says: {message}", cure),
        { Status: nameof(ConditionStatus.True), Message: var message } => CheckLine.Pass($"the daemon says: {message}"),
        { Status: nameof(ConditionStatus.False), Message: var message } => CheckLine.Fail($"the daemon says: {message}", cure),
        _ => null,
    };

    /// <param name="time">A file that is older than <see cref="StatusReader.StaleAfter"/> is that of a daemon that no longer runs.</param>
    public static DaemonObservation Read(AgentPaths paths, TimeProvider time)
    {
        var (_, status, fault) = StatusReader.Read(paths.Status);
        if (status is null)
            return new(null, fault);

        var age = time.GetUtcNow() - status.UpdatedAt;
        return age > StatusReader.StaleAfter
            ? new(null, $"smm-agent is not running, or hangs: {paths.Status} was written {Age.Text(age)} ago")
            : new(status, null);
    }
}
