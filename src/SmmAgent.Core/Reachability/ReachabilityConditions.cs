using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;

namespace SmmAgent.Core.Reachability;

/// <summary>Evaluates the conditions from the results of all probes.</summary>
public static class ReachabilityConditions
{
    public const string Reachable = nameof(Reachable);
    public const string NoGateway = nameof(NoGateway);
    public const string NoDirectEndpoint = nameof(NoDirectEndpoint);

    /// <summary>The name of the target that stands for the dashboard behind a proxy. Its address is that of the proxy.</summary>
    public const string ThroughProxy = "dashboard through proxy";

    private const int MostFailuresNamed = 3;

    /// <param name="leftOut">The number of ports beyond the limit, which were not probed.</param>
    /// <param name="own">The connections of the VM that its own firewall blocks.</param>
    /// <param name="captureCure">The action to take if the sidecar captures the probes.</param>
    public static ConditionUpdate Gateways(
        ReachabilityPlan plan, IReadOnlyList<ProbeResult> results, int leftOut, DateTimeOffset now, IReadOnlyList<OwnTrafficBlocker> own,
        string captureCure = "")
    {
        if (plan.Targets.Count == 0)
            return NothingToTry(plan.Model);

        var what = plan.Model == NetworkModel.SameNetwork ? "endpoint" : "gateway";
        var finding = Decide(ConditionType.GatewaysReachable, what, results, now, own, captureCure);
        return leftOut == 0 ? finding
            : finding with { Message = $"{finding.Message}; {leftOut} more ports are too many and were not tried" };
    }

    /// <param name="own">The connections of the VM that its own firewall blocks.</param>
    /// <param name="captureCure">The action to take if the sidecar captures the probes.</param>
    public static ConditionUpdate Dashboard(
        IReadOnlyList<ProbeResult> results, DateTimeOffset now, IReadOnlyList<OwnTrafficBlocker> own, string captureCure = "") =>
        Decide(
            ConditionType.DashboardReachable, results is [{ Target.Name: ThroughProxy }, ..] ? ThroughProxy : "dashboard", results, now,
            own, captureCure);

    /// <summary>The blocker in this host's own firewall that explains a failure; null if there is none.</summary>
    public static OwnTrafficBlocker? Explains(IReadOnlyList<OwnTrafficBlocker> own, ProbeResult result) => own.FirstOrDefault(obstacle =>
        IPAddress.TryParse(result.Address, out var address)
            ? obstacle.Concerns(address, result.Target.Port) && result.Latency is null && CouldBe(obstacle, result.Outcome)
            : obstacle.ConcernsNames && result.Outcome is Outcome.Timeout or Outcome.NoSuchName);

    // Blocked replies cause a timeout. A rule in OUTPUT may also reject, which looks like a refused connection.
    private static bool CouldBe(OwnTrafficBlocker obstacle, Outcome outcome) =>
        outcome == Outcome.Timeout || (obstacle.Reason == OwnTraffic.OutputDropped && outcome is Outcome.Refused or Outcome.Unreachable);

    /// <summary>An essential port that is down at every address is a failure. Other ports that are down are a degradation.</summary>
    private static ConditionUpdate Decide(
        string condition, string what, IReadOnlyList<ProbeResult> results, DateTimeOffset now, IReadOnlyList<OwnTrafficBlocker> own,
        string captureCure)
    {
        var counted = results.Where(result => !IsOtherFamily(result, results)).ToList();
        if (counted.FirstOrDefault(result => result.Outcome == Outcome.Captured) is { } captured)
        {
            return ConditionUpdate.Unknown(
                condition,
                Outcome.Captured.Reason(),
                $"it is not known whether {what} {captured.Endpoint()} answers, because the sidecar captures the agent's own connections"
                + (captureCure.Length > 0 ? $"; {captureCure}" : ""));
        }

        var faults = counted.Where(result => result.Outcome != Outcome.Ok)
            .OrderByDescending(result => result.Target.Essential).ThenByDescending(result => result.Outcome.Weight()).ToList();
        if (faults.Count == 0)
            return ConditionUpdate.True(condition, Reachable, $"{Summary(what, counted)}{Expiring(what, counted, now)}");

        var explained = faults.Select(fault => Explains(own, fault)).FirstOrDefault(obstacle => obstacle is not null);
        var broken = Broken(counted).OrderByDescending(result => result.Outcome.Weight()).ToList();
        if (broken.Count == 0)
            return ConditionUpdate.True(
                condition, ConditionUpdate.Degraded,
                $"{Describe(what, faults)}{(explained is null ? "" : $"; {explained.Message}")}{Expiring(what, counted, now)}");

        // The state of the host's own firewall is certain; the state of the peer is not.
        explained = broken.Select(fault => Explains(own, fault)).FirstOrDefault(obstacle => obstacle is not null);
        return ConditionUpdate.False(
            condition,
            explained?.Reason ?? broken[0].Outcome.Reason(),
            $"{Describe(what, [.. broken, .. faults.Except(broken)])}; {explained?.Message ?? broken[0].Outcome.Advice()}");
    }

    /// <summary>
    /// The results of the essential ports that are down at every address; all results if no port is essential and all are down.
    /// </summary>
    public static IEnumerable<ProbeResult> Broken(IReadOnlyList<ProbeResult> counted)
    {
        var essential = counted.Where(result => result.Target.Essential).ToList();
        return essential.Count == 0
            ? counted.All(result => result.Outcome != Outcome.Ok) ? counted : []
            : essential.GroupBy(result => result.Target.Port)
                .Where(port => port.All(result => result.Outcome != Outcome.Ok))
                .SelectMany(port => port);
    }

    /// <summary>A gateway with addresses of both families is complete on a VM that has a route to only one family.</summary>
    private static bool IsOtherFamily(ProbeResult result, IReadOnlyList<ProbeResult> all) =>
        result.NoRoute
        && all.Any(other => other.Target.Name == result.Target.Name && other.Outcome == Outcome.Ok && Family(other) != Family(result));

    private static AddressFamily? Family(ProbeResult result) =>
        IPAddress.TryParse(result.Address, out var address) ? address.AddressFamily : null;

    private static string Summary(string what, List<ProbeResult> counted)
    {
        var addresses = counted.Select(result => result.Address).Distinct().ToList();
        return addresses.Count == 1
            ? $"{what} {addresses[0]} answers on every port"
            : $"all {addresses.Count} {what} addresses answer on every port";
    }

    /// <summary>Describes one failure for each address, the worst first, and the number of its other failed ports.</summary>
    private static string Describe(string what, List<ProbeResult> faults)
    {
        var addresses = faults.GroupBy(fault => (fault.Target.Name, fault.Address)).ToList();
        var named = addresses.Take(MostFailuresNamed).Select(address =>
            $"{what} {address.First().Endpoint()} {address.First().Detail}"
            + (address.Count() > 1 ? $" ({address.Count() - 1} more of its ports fail too)" : ""));
        var more = addresses.Count - MostFailuresNamed;
        return string.Join("; ", named) + (more > 0 ? $"; and {more} more addresses" : "");
    }

    private static string Expiring(string what, List<ProbeResult> counted, DateTimeOffset now)
    {
        var first = counted.Where(result => result.Outcome == Outcome.Ok && result.Certificate?.EndsSoon(now) == true)
            .MinBy(result => result.Certificate!.NotAfter);
        if (first is null)
            return "";

        return $"; the certificate '{first.Certificate!.Subject}' of {what} {first.Endpoint()} expires on "
            + $"{TimeText.Format(first.Certificate.NotAfter)}";
    }

    private static ConditionUpdate NothingToTry(NetworkModel model) => model == NetworkModel.SameNetwork
        ? ConditionUpdate.Unknown(
            ConditionType.GatewaysReachable,
            NoDirectEndpoint,
            "the mesh configuration names no direct endpoint, so there is nothing to try")
        : ConditionUpdate.False(
            ConditionType.GatewaysReachable,
            NoGateway,
            "the mesh has no meshexpansion gateway with an address: turn mesh expansion on in the control plane, or, where this VM reaches "
            + "pod addresses directly, give the WorkloadGroup the control plane's network");
}
