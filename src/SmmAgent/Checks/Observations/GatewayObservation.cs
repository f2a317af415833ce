using SmmAgent.Core.Reachability;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Checks.Observations;

/// <summary>The meshexpansion gateways, or in the same-network model the direct endpoints.</summary>
/// <param name="Plan">The targets of the probes; null while there is no mesh configuration.</param>
/// <param name="Results">One result for each port of each address.</param>
/// <param name="LeftOut">The number of targets beyond the limit, which were not probed.</param>
internal sealed record GatewayObservation(ReachabilityPlan? Plan, IReadOnlyList<ProbeResult> Results, int LeftOut)
{
    public static async Task<GatewayObservation> ObserveAsync(MeshObservation mesh, TimeProvider time, CancellationToken end)
    {
        if (mesh.Config is not { } config)
            return new(null, [], 0);

        var plan = ReachabilityPlan.From(config);
        var observer = new ReachabilityObserver(new Prober(time, new NameLookup(time)), time, SidecarComposition.Captured(time));
        var observation = await observer.ObserveAsync(plan, null, end);
        return new(plan, observation.Gateways.Select(result => result.Current).ToArray(), observation.LeftOut);
    }
}
