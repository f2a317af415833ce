using System.Text.Json;
using SmmAgent.Cli;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Linux.State;

namespace SmmAgent.Checks.Looks;

/// <summary>What the running daemon says of itself in status.json.</summary>
/// <param name="Status">Null when no daemon runs, or its file cannot be used.</param>
/// <param name="WhyNone">Why there is none; null when there is one.</param>
internal sealed record DaemonLook(AgentStatus? Status, string? WhyNone)
{
    private const int MaximumBytes = 1024 * 1024;

    /// <summary>What the daemon says of a condition, for a check that cannot look itself; null when it says nothing.</summary>
    public CheckLine? Says(string type, string cure) => Status?.Conditions.FirstOrDefault(condition => condition.Type == type) switch
    {
        { Status: nameof(ConditionStatus.True), Reason: Finding.Degraded, Message: var message } => CheckLine.Warn($"the daemon says: {message}", cure),
        { Status: nameof(ConditionStatus.True), Message: var message } => CheckLine.Pass($"the daemon says: {message}"),
        { Status: nameof(ConditionStatus.False), Message: var message } => CheckLine.Fail($"the daemon says: {message}", cure),
        _ => null,
    };

    /// <param name="time">A file that is older than <see cref="StatusCommand.Stale"/> is that of a daemon that no longer runs.</param>
    public static DaemonLook At(AgentPaths paths, TimeProvider time)
    {
        try
        {
            if (AtomicFile.ReadLimited(paths.Status, MaximumBytes, isAgents: true) is not { } content)
                return new(null, "the daemon is not running");
            if (JsonSerializer.Deserialize(content, StatusJson.Default.AgentStatus) is not { } status)
                return new(null, $"{paths.Status} says nothing");

            var age = time.GetUtcNow() - status.UpdatedAt;
            return age > StatusCommand.Stale
                ? new(null, $"the daemon is not running, or hangs: {paths.Status} was written {Age.Text(age)} ago")
                : new(status, null);
        }
        catch (JsonException)
        {
            return new(null, $"{paths.Status} is not a status of smm-agent");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new(null, $"{paths.Status} cannot be read: {exception.Message}");
        }
    }
}
