using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.State;

namespace SmmAgent.Checks.Observations;

/// <summary>The mesh configuration of the dashboard, or the last good one if this user may read it.</summary>
/// <param name="Config">Null if there is neither.</param>
/// <param name="LastGoodSince">When the last good one was received; null if the configuration is the dashboard's newest.</param>
/// <param name="Target">The target of the request; null while dashboard or WorkloadGroup are not set.</param>
/// <param name="Failure">The failure of the request; null if the dashboard answered or was not asked.</param>
/// <param name="NotAskedReason">The reason not to send a request; null if one was sent.</param>
internal sealed record MeshObservation(
    MeshConfig? Config, DateTimeOffset? LastGoodSince, DashboardTarget? Target, DashboardFailure? Failure, string? NotAskedReason)
{
    /// <summary>The time limit of the request, which leaves time for the probes of the gateways within the limit of the run.</summary>
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(4);

    private const string NotSet = "dashboard and WorkloadGroup are not both set";

    /// <summary>The suffix of facts from an older configuration; empty if it is the dashboard's newest.</summary>
    public string AsOf => LastGoodSince is { } since ? $" (the last good configuration, of {TimeText.Format(since)})" : "";

    /// <summary>The line of a check that has no configuration.</summary>
    public CheckLine MissingLine => CheckLine.Skipped(
        $"there is no mesh configuration{(NotAskedReason is null ? ", see above" : $": {NotAskedReason}")}",
        Environment.IsPrivilegedProcess || NotAskedReason == NotSet ? null : CheckContext.AsRoot);

    public static async Task<MeshObservation> ObserveAsync(
        AgentPaths paths,
        SettingsObservation settings,
        DashboardObservation dashboard,
        TokenObservation token,
        TimeProvider time,
        CancellationToken end)
    {
        if (DashboardTarget.From(settings.Settings) is not { } target)
            return ReadLastGood(paths, settings);
        if (token.Doubts.Count > 0)
            return LastGood(paths, target, null, $"the token was not sent: {token.Doubts[0].Found}");

        // Another request to an unreachable dashboard would use the time of the gateways' probes.
        if (dashboard.Results.All(result => result is { Latency: null, Outcome: not Outcome.Captured }))
            return LastGood(paths, target, null, "the dashboard is not reached, see above");

        using var client = new DashboardClient(
            target, settings.Settings.CaFile, BearerTokenFile.From(paths, time), ProgramVersion.Current, time, settings.Settings.Proxy);
        using var late = new CancellationTokenSource(AtMost, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(end, late.Token);
        try
        {
            var answer = await client.GetMeshConfigAsync(null, TimeSpan.Zero, both.Token);
            return answer.Value is MeshConfigAnswer.Changed { Good.Config: var config }
                ? new(config, null, target, null, null)
                : LastGood(paths, target, answer.Failure, null);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            var slow = new DashboardFailure.Unreachable(UnreachableReason.TimedOut, $"it did not answer within {AtMost.TotalSeconds:0} s");
            return LastGood(paths, target, slow, null);
        }
    }

    /// <summary>The last good configuration of the dashboard that is set.</summary>
    public static MeshObservation ReadLastGood(AgentPaths paths, SettingsObservation settings) =>
        DashboardTarget.From(settings.Settings) is { } target
            ? LastGood(paths, target, null, null)
            : new(null, null, null, null, settings.UnreadableReason ?? NotSet);

    private static MeshObservation LastGood(AgentPaths paths, DashboardTarget target, DashboardFailure? failure, string? notAskedReason)
    {
        var (kept, _) = LastGoodMeshConfig.Newest(paths, target);
        return new(kept?.Config, kept?.ReceivedAt, target, failure, notAskedReason);
    }
}
