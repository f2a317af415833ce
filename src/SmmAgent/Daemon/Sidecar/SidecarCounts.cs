using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Daemon.Sidecar;

/// <summary>Counts privileged reconciles and restarts of the sidecar. The first observation only sets the starting point.</summary>
internal sealed class SidecarCounts(EventCounters counters, SidecarSources sources)
{
    /// <summary>The interval while the report of a running privileged reconcile is not counted yet.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    // The report of the last privileged reconcile before the start of the daemon was counted by the previous daemon.
    private DateTime _reported = sources.Records.ReportedAt;
    private DateTimeOffset? _since;

    /// <summary>Counts the privileged reconcile that wrote a new report, once: it may write the report twice before it ends.</summary>
    /// <returns>When another call is necessary; null if none is.</returns>
    public TimeSpan? CountReconcile()
    {
        var at = sources.Records.ReportedAt;
        if (at == _reported || at == default)
            return null;
        if (sources.Root.IsAtWork())
            return Again;

        _reported = at;
        if (sources.Records.Report() is { } report)
            counters.Add(report.Failures.Count == 0 ? CountedEvent.ReconcileSucceeded : CountedEvent.ReconcileFailed);
        return null;
    }

    /// <summary>Counts a start of istio.service after an earlier one.</summary>
    public void CountRestart(SidecarUnit? unit)
    {
        if (unit?.Since is not { } since)
            return;
        if (_since is { } earlier && since != earlier)
            counters.Add(CountedEvent.SidecarRestarted);
        _since = since;
    }
}
