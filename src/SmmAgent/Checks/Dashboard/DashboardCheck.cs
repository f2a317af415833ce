using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.Dashboard;

/// <summary>A check of the dashboard without a token. If this user may not read its URL, the condition of the daemon is used.</summary>
internal abstract class DashboardCheck(string id, string title) : Check(id, CheckGroup.Dashboard, title)
{
    /// <summary>Whether the daemon's condition DashboardReachable also answers this check.</summary>
    protected virtual bool DaemonKnows => false;

    public sealed override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [(DaemonKnows ? context.Daemon.LineFor(ConditionType.DashboardReachable, AsRoot) : null) ?? obstacle];

        return context.Settings.Settings.DashboardUrl is { } url
            ? Evaluate(url, await ObserveAsync(context), context.Time.GetUtcNow())
            : [CheckLine.Skipped("no dashboard is set")];
    }

    // The firewall is observed only if it may explain a failure.
    private static async Task<DashboardObservation> ObserveAsync(CheckContext context) =>
        await context.Dashboard is var dashboard && dashboard.Results.Any(result => result.Latency is null)
        ? dashboard with { Own = (await context.OwnTraffic).Blockers }
        : dashboard;

    /// <param name="dashboard">Has at least one result.</param>
    protected abstract IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation dashboard, DateTimeOffset now);

    /// <summary>Whether the name did not resolve, so that there is no address to probe.</summary>
    protected static bool IsUnresolved(ProbeResult result) =>
        result.Outcome != Outcome.Ok && result.Address == result.Target.Host && !result.IsAddress;

    /// <summary>The line for a connection that the sidecar captured.</summary>
    protected static CheckLine Captured(ProbeResult result) =>
        CheckLine.Skipped(result.Detail!, Environment.IsPrivilegedProcess ? result.Outcome.Advice() : AsRoot);

    /// <summary>Whether nothing was probed, because dashboard.caFile is unusable.</summary>
    protected static bool IsWithoutAuthorities(ProbeResult result) => result is { Outcome: Outcome.WrongCertificate, Latency: null };
}
