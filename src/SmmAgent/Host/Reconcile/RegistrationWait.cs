using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host.Status;

namespace SmmAgent.Host.Reconcile;

/// <summary>Waits until the mesh has a WorkloadEntry for this VM, as the daemon learns from the dashboard, and says why it has none.</summary>
/// <param name="group">Of which WorkloadGroup: a status of an earlier WorkloadGroup is ignored.</param>
internal sealed class RegistrationWait(AgentPaths paths, GroupName group, Progress progress, TimeProvider time, TimeSpan patience)
{
    private const string Name = "wait-for-registration ❯";

    /// <summary>Istio's sidecar connects anew every few seconds; its first certificate may take some.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private string _last = "waiting for the daemon's first report";

    /// <summary>Why the sidecar that runs must be restarted first; null where it need not. Then a VM that is not registered is not waited for: nothing changes before that.</summary>
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
        // A running daemon writes nothing while nothing changes. An older status is from an earlier daemon and is ignored.
        var oldest = time.GetUtcNow() - StatusReader.MaximumAge - Margin;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < patience)
        {
            if (StatusReader.Read(paths.Status).Status is { } status && status.UpdatedAt >= oldest && status.WorkloadGroup == group && Registered(status) is { } registered)
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
        status.Conditions.FirstOrDefault(condition => condition.Type == ConditionType.Registered && condition.Reason != ConditionUpdate.Pending);
}
