using System.Net;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>The debounced results of all probes, and the number of ports that were left out because of the limit.</summary>
public sealed record ReachabilityObservation(
    IReadOnlyList<Debounced<ProbeResult>> Gateways, IReadOnlyList<Debounced<ProbeResult>> Dashboard, int LeftOut);

/// <summary>Probes gateways and dashboard repeatedly, and keeps only the state that debouncing needs.</summary>
/// <param name="findCaptured">Finds the probes that the sidecar captures; null without a sidecar.</param>
public sealed class ReachabilityObserver(Prober prober, TimeProvider time, FindCaptured? findCaptured = null)
{
    /// <summary>The maximum number of probes of one observation. It limits the duration of an observation to 36 s if all probes hang.
    /// </summary>
    public const int MaximumProbes = 192;

    private readonly DebouncedNames _names = new();
    private readonly DebouncedProbes _gateways = new();
    private readonly DebouncedProbes _dashboard = new();

    /// <summary>Whether a result changed and needs another observation soon to confirm it.</summary>
    public bool Unsettled => _names.Unsettled || _gateways.Unsettled || _dashboard.Unsettled;

    /// <param name="plan">Null while there is no mesh configuration.</param>
    /// <param name="probed">Null while no dashboard is set.</param>
    public async Task<ReachabilityObservation> ObserveAsync(
        ReachabilityPlan? plan, ProbedDashboard? probed, CancellationToken cancel)
    {
        using var portProbes = plan is null ? null : new GatewayProbes(plan, time);
        using var dashboard = probed is null ? null : new DashboardProbe(probed, time);

        var targets = plan?.Targets ?? [];
        IEnumerable<string> dashboardHost = dashboard is null ? [] : [dashboard.Target.Host];
        var looked = await prober.ResolveAsync([.. targets.Select(target => target.Host), .. dashboardHost], cancel);
        var names = _names.Next(looked, time.GetUtcNow());

        var all = targets.SelectMany(target => Probes(target, names, portProbes!.For))
            .DistinctBy(probe => (probe.Target.Name, probe.Address, probe.Target.Port)).ToList();
        var gatewayProbes = all[..Math.Min(all.Count, MaximumProbes)];
        var dashboardProbes = dashboard is { Problem: null }
            ? Probes(dashboard.Target, names, _ => dashboard.NewProbe()).ToList()
            : [];

        // The dashboard first: it is only one, and must not wait for gateways that hang.
        List<Probe> probes = [.. dashboardProbes, .. gatewayProbes];
        var captured = findCaptured?.Invoke(probes.Select(probe => new IPEndPoint(probe.Address, probe.Target.Port)).ToArray(), cancel);
        var results = await prober.RunAsync(probes, cancel);
        if (captured is not null)
        {
            var kinds = await captured;
            results =
                results.Select((result, at) => kinds.Contains((probes[at].Address.AddressFamily, probes[at].Target.Port))
                    ? result.AsCaptured() : result).ToArray();
        }

        IEnumerable<ProbeResult> unresolved = targets.SelectMany(target => Unresolved(target, names));
        var gatewayResults = results.Skip(dashboardProbes.Count).Concat(unresolved)
            .DistinctBy(result => (result.Target.Name, result.Address, result.Target.Port)).ToList();
        var dashboardResults = dashboard switch
        {
            null => [],
            { Problem: { } problem } => [new(dashboard.Target, dashboard.Target.Host, dashboard.ProblemOutcome, problem)],
            _ => results.Take(dashboardProbes.Count).Concat(Unresolved(dashboard.Target, names)).ToList(),
        };

        var now = time.GetUtcNow();
        return new(
            _gateways.Next(gatewayResults, now),
            _dashboard.Next(dashboardResults, now),
            (plan?.LeftOut ?? 0) + all.Count - gatewayProbes.Count);
    }

    private static IEnumerable<Probe> Probes(
        ProbeTarget target, IReadOnlyDictionary<string, Resolution> names, Func<ProbeTarget, PortProbe> check) =>
        names[target.Host].Addresses.Select(address => new Probe(target, address, check(target)));

    private static IEnumerable<ProbeResult> Unresolved(ProbeTarget target, IReadOnlyDictionary<string, Resolution> names) =>
        names[target.Host] is { Outcome: not Outcome.Ok } failed
            ? [new(target, target.Host, failed.Outcome, failed.Detail)]
            : [];
}
