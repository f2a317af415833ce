using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Checks.Observations;

/// <summary>The dashboard, probed without a token.</summary>
/// <param name="Results">One result for each address; empty while no dashboard is configured.</param>
/// <param name="Ahead">How far its clock is ahead of this VM's (negative: behind); null if it is unknown.</param>
internal sealed record DashboardObservation(IReadOnlyList<ProbeResult> Results, TimeSpan? Ahead)
{
    /// <summary>The connections of the VM that this host's own firewall drops, if an address was not reached.</summary>
    public IReadOnlyList<OwnTrafficBlocker> Own { get; init; } = [];

    /// <summary>The proxy of the settings.</summary>
    public ProxySetting Proxy { get; init; } = ProxySetting.None;

    public static async Task<DashboardObservation> ObserveAsync(SettingsObservation settings, TimeProvider time, CancellationToken end)
    {
        if (ProbedDashboard.From(settings.Settings) is not { } dashboard)
            return new([], null);

        var observer = new ReachabilityObserver(new Prober(time, new NameLookup(time)), time, SidecarComposition.Captured(time));
        var observation = await observer.ObserveAsync(null, dashboard, end);
        var results = observation.Dashboard.Select(result => result.Current).ToList();
        var clockAhead = results.Select(result => result.ClockAhead).FirstOrDefault(ahead => ahead is not null);
        return new(results, clockAhead) { Proxy = dashboard.Proxy };
    }
}
