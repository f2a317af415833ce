using System.Net;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Checks.Observations;

/// <summary>The effect of the host's firewall on this VM's connections to the probed addresses and on its DNS queries.</summary>
internal static class OwnTrafficObservation
{
    public static async Task<OwnTrafficEvaluation> ObserveAsync(CheckContext context)
    {
        var firewall = await context.Firewall;
        if (firewall.UnreadableLine is { } unreadable)
            return new([], unreadable.Found);

        var own = context.Interfaces.Addresses.Select(one => one.Address).ToHashSet();
        var results = (await context.Gateways).Results.Concat((await context.Dashboard).Results);
        var connections = results
            .Where(result => IPAddress.TryParse(result.Address, out var address) && !own.Contains(address) && !result.NoRoute)
            .Select(result => new OwnConnection(Transport.Tcp, IPAddress.Parse(result.Address), result.Target.Port))
            .Concat(ResolverConfiguration.ServersElsewhere(Path.Combine(context.Paths.Root, "etc/resolv.conf")).Select(OwnConnection.Dns));
        return OwnTraffic.Evaluate(connections.Distinct().ToArray(), firewall.Report.Observed);
    }

    /// <summary>Describes a failed probe, with the rule of this host's own firewall that explains it.</summary>
    public static string Describe(IReadOnlyList<OwnTrafficBlocker> own, ProbeResult result, string found) =>
        ReachabilityConditions.Explains(own, result) is { } obstacle ? $"{found}: {obstacle.Problem}" : found;

    /// <summary>The fix of a failed probe.</summary>
    public static string Fix(IReadOnlyList<OwnTrafficBlocker> own, ProbeResult result) =>
        ReachabilityConditions.Explains(own, result)?.Remediation ?? result.Outcome.Advice();
}
