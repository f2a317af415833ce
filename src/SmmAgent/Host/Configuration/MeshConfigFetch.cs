using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary>
/// Fetches the mesh configuration for a host operation. Root takes no data from the daemon, so it keeps a last good configuration of its
/// own.
/// </summary>
internal sealed class MeshConfigFetch(AgentPaths paths, Progress progress, TimeProvider time)
{
    private readonly LastGoodMeshConfig _lastGood = new(paths.HostLastGoodMeshConfig);

    /// <summary>The last good configuration of this dashboard and WorkloadGroup; null if there is none.</summary>
    public MeshConfig? LastGood(AgentSettings settings) => DashboardTarget.From(settings) is { } target ? Kept(target)?.Config : null;

    /// <param name="dashboard">Null while the dashboard or the WorkloadGroup is not set.</param>
    /// <param name="save">Whether an answer becomes the last good configuration.</param>
    /// <returns>The configuration, if there is one, and the exit code of a command that otherwise succeeds.</returns>
    public async Task<(MeshConfig? Config, int Code)> RunAsync(IHostDashboard? dashboard, bool save, CancellationToken cancel)
    {
        if (dashboard is not { Target: var target })
        {
            progress.Warn("no dashboard or no WorkloadGroup is set yet: only the management ports are kept open");
            return (null, ExitCode.Done);
        }

        var request = dashboard.GetMeshConfigAsync(null, TimeSpan.Zero, cancel);
        await progress.WhileAsync($"fetching the mesh configuration from {target.Url}", request, time);
        var answer = await request;
        if (answer.Value is MeshConfigAnswer.Changed { Good: var good })
        {
            progress.Done($"mesh configuration fetched workloadGroup={target.Group} revision={good.Config.Mesh.IstioRevision}");
            if (save)
                Save(new(good.Config, good.Body, good.ETag, target, time.GetUtcNow()));
            return (good.Config, ExitCode.Done);
        }

        var (reason, message) = answer.Failure is { } failure
            ? FailureText.Format(failure, target)
            : ("NoAnswer", "the dashboard sent no mesh configuration");
        var kept = Kept(target);
        progress.Warn(kept is null
            ? $"{reason}: {message}"
            : $"{reason}: {message}; using the last good configuration of {TimeText.Format(kept.ReceivedAt)}");
        return (kept?.Config, Code(answer.Failure, isCovered: kept is not null));
    }

    private GoodMeshConfig? Kept(DashboardTarget target) => _lastGood.Load().Good is { } kept && kept.From == target ? kept : null;

    // An unreachable dashboard is not a failure while the last good configuration covers it. A refusal is.
    private static int Code(DashboardFailure? failure, bool isCovered) => failure switch
    {
        DashboardFailure.Refused => ExitCode.Refused,
        _ when isCovered => ExitCode.Done,
        DashboardFailure.Unreachable { Reason: UnreachableReason.TimedOut } => ExitCode.Timeout,
        _ => ExitCode.Failed,
    };

    private void Save(GoodMeshConfig good)
    {
        HostStateDirectory.Create(paths);
        if (_lastGood.Save(good) is { } failure)
            progress.Warn(failure);
    }
}
