using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host.Status;

namespace SmmAgent.Host.Reconcile;

/// <summary>Waits until the daemon reports that this VM has a WorkloadEntry, and prints the reason if it has none.</summary>
/// <param name="group">The status of another WorkloadGroup is ignored.</param>
internal sealed class RegistrationWait(AgentPaths paths, GroupName group, Progress progress, TimeProvider time, TimeSpan patience)
{
    private const string Name = "wait-for-registration ❯";

    /// <summary>The sidecar retries its connection every few seconds, and its first certificate takes some seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private string _last = "waiting for the daemon's first report";

    /// <summary>
    /// The reason to restart the running sidecar first; null if no restart is needed. An unregistered VM is then not waited for, because
    /// the registration does not change before the restart.
    /// </summary>
    public string? RestartNeeded { get; init; }

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var work = UntilRegisteredAsync(cancel);
        await progress.WhileAsync(() => $"{Name} {_last}", work, time);
        if (await work)
        {
            progress.Done($"{Name} workloadentry is registered successfully");
            return ExitCode.Done;
        }

        progress.Failed(RestartNeeded is null
            ? $"{Name} not registered after {patience.TotalSeconds:0} s: {_last}"
            : $"{Name} not registered: {RestartNeeded}");
        return RestartNeeded is null ? ExitCode.Timeout : ExitCode.Failed;
    }

    private async Task<bool> UntilRegisteredAsync(CancellationToken cancel)
    {
        // A running daemon writes the status at least once in MaximumAge. An older status is of an earlier daemon.
        var oldest = time.GetUtcNow() - StatusReader.MaximumAge - Margin;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < patience)
        {
            if (StatusReader.Read(paths.Status).Status is { } status && status.UpdatedAt >= oldest && status.WorkloadGroup == group
                && Registered(status) is { } registered)
            {
                if (registered.Status == nameof(ConditionStatus.True))
                    return true;
                if (RestartNeeded is not null)
                    return false;
                _last = $"{registered.Reason}: {registered.Message}";
            }

            await Task.Delay(PollInterval, time, cancel);
        }

        return false;
    }

    private static Contract.Condition? Registered(AgentStatus status) =>
        status.Conditions.FirstOrDefault(
            condition => condition.Type == ConditionType.Registered && condition.Reason != ConditionUpdate.Pending);
}
