using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary>The mesh configuration that root works with. It takes no data from the daemon: it asks the dashboard itself, and keeps its own last good one.</summary>
internal static class HostMeshConfig
{
    /// <summary>The dashboard, as root asks it; null while dashboard or WorkloadGroup are not set.</summary>
    public static DashboardClient? Client(AgentPaths paths, AgentSettings settings) => DashboardTarget.From(settings) is { } target
        ? new(target, settings.CaFile, BearerTokenFile.Of(paths, TimeProvider.System), ProgramVersion.Current, TimeProvider.System)
        : null;

    /// <summary>The last good one of this dashboard and WorkloadGroup; null when there is none.</summary>
    public static MeshConfig? LastGood(AgentPaths paths, AgentSettings settings) =>
        DashboardTarget.From(settings) is { } target && new LastGoodMeshConfig(paths.HostLastGoodMeshConfig).Load().Good is { } kept && kept.From == target ? kept.Config : null;

    /// <param name="client">Null while dashboard or WorkloadGroup are not set.</param>
    /// <param name="save">Whether an answer becomes the last good one.</param>
    /// <returns>The configuration, as far as there is one; and the exit code of a command that did the rest with it.</returns>
    public static async Task<(MeshConfig? Config, int Code)> FetchAsync(
        AgentPaths paths, DashboardClient? client, bool save, Progress progress, CancellationToken cancel)
    {
        if (client is not { Target: var target })
        {
            progress.Warn("no dashboard or no WorkloadGroup is set yet: only the agent's own ports are kept open");
            return (null, ExitCode.Done);
        }

        var lastGood = new LastGoodMeshConfig(paths.HostLastGoodMeshConfig);
        var asking = client.GetMeshConfigAsync(null, TimeSpan.Zero, cancel);
        await progress.WhileAsync($"asking {target.Url} for the mesh configuration", asking, TimeProvider.System);
        var answer = await asking;
        if (answer.Value is MeshConfigAnswer.Changed { Good: var good })
        {
            progress.Done($"mesh configuration fetched workloadGroup={target.Group} revision={good.Config.Mesh.IstioRevision}");
            if (save)
                Save(lastGood, paths, new(good.Config, good.Body, good.ETag, target, TimeProvider.System.GetUtcNow()), progress);
            return (good.Config, ExitCode.Done);
        }

        var (reason, message) = answer.Failure is { } failure
            ? FailureText.Of(failure, target)
            : ("NoAnswer", "the dashboard sent no mesh configuration");
        var earlier = lastGood.Load().Good is { } kept && kept.From == target ? kept : null;
        progress.Warn(earlier is null ? $"{reason}: {message}" : $"{reason}: {message}; using the last good configuration of {earlier.ReceivedAt:u}");
        return (earlier?.Config, Code(answer.Failure, isCovered: earlier is not null));
    }

    // A dashboard that is away is no failure while the last good configuration covers it; one that says no is.
    private static int Code(DashboardFailure? failure, bool isCovered) => failure switch
    {
        DashboardFailure.Refused => ExitCode.Refused,
        _ when isCovered => ExitCode.Done,
        DashboardFailure.Unreachable { Why: UnreachableReason.TimedOut } => ExitCode.Timeout,
        _ => ExitCode.Failed,
    };

    private static void Save(LastGoodMeshConfig file, AgentPaths paths, GoodMeshConfig good, Progress progress)
    {
        HostStateDirectory.Create(paths);
        if (file.Save(good) is { } fault)
            progress.Warn(fault);
    }
}
