using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>Says of a pass over the firewall which ports are open, and what to do about the others.</summary>
public static class PortsDiagnosis
{
    /// <summary>The reason when firewalld is in the way, or may be: opening ports there is root's part.</summary>
    public const string FirewalldNotOurs = nameof(FirewalldNotOurs);

    public static PortsState Evaluate(DesiredFirewall desired, FirewallReport report, bool manages)
    {
        var observed = report.Observed;
        if (EvaluateUnseen(observed) is { } unseen)
            return new([.. desired.Ports.Select(port => new PortState(port.Port, port.Name, null))], unseen);

        var obstacles = ChainBlockers.FindAll(desired, observed);
        var zones = FindClosedZones(desired, observed);
        var ports = desired.Ports.Select(port => new PortState(port.Port, port.Name, IsOpen(port))).ToList();
        var finding = Shut(desired, report, manages, obstacles) ?? Firewalld(report, manages, zones) ?? Unclear(desired, observed, obstacles, manages);
        return new(ports, finding ?? OpenPortsCondition.Evaluate(desired, report, Failure(report)));

        bool? IsOpen(OpenPort port)
        {
            var own = obstacles.Where(obstacle => obstacle.Ports.Contains(port)).ToList();
            if (own.Any(obstacle => obstacle.IsCertain) || zones.Any(zone => zone.Ports.Contains(port.Port)))
                return false;
            return own.Count > 0 || IsFirewalldUnreadable(observed) ? null : true;
        }
    }

    internal static ConditionUpdate? EvaluateUnseen(ObservedFirewall observed)
    {
        var main = observed.Filters.First(filter => filter.Tool.Family == IpFamily.IPv4);
        if (main.State.Value is { Presence: FilterPresence.CommandMissing })
        {
            return False(
                "IptablesMissing",
                $"{main.Tool.Save} is not installed: install the package iptables (apt-get install iptables, or yum install iptables)");
        }

        return main.State.UnknownReason is { } why ? Unknown(main.NotPermitted ? "NotPermitted" : "NotSeen", why) : null;
    }

    private static ConditionUpdate? Shut(DesiredFirewall desired, FirewallReport report, bool manages, IReadOnlyList<ChainBlocker> obstacles)
    {
        var certain = obstacles.Where(obstacle => obstacle.IsCertain).ToList();
        if (certain.Count == 0)
            return null;

        // The agent's own chain comes first: while it is not in place, nothing else can be said for sure.
        var own = certain.FirstOrDefault(obstacle => obstacle.Elsewhere is null && report.Observed.Filters.Any(filter => filter.Tool == obstacle.Filter));
        if (own is not null && manages)
            return Failure(report) ?? False("NotOpen", $"{Describe(own)}, though the agent wrote its rules: another program changes them, or they are not shown");
        if (own is not null)
            return False("NotOpen", $"{Describe(own)}: {Remediation.Describe(own, desired, report.Observed)}");

        var foreign = certain[0];
        var isFirewallds = foreign.Nft is { Table.IsFirewallds: true } && report.Observed.IsFirewalldInForce;
        var reason = isFirewallds ? FirewalldNotOurs : "BlockedByAnotherTable";
        return False(reason, $"{Describe(foreign)}: {Remediation.Describe(foreign, desired, report.Observed)}");
    }

    private static ConditionUpdate? Firewalld(FirewallReport report, bool manages, IReadOnlyList<ClosedZone> zones)
    {
        if (zones.Count > 0)
        {
            var shut = $"firewalld's zone {zones[0].Name} does not let {string.Join(", ", zones[0].Ports)} in";
            if (manages)
                return Failure(report) ?? False(FirewalldNotOurs, $"{shut}: {Remediation.ByReconcile}");

            return False("NotOpen", $"{shut}: {Remediation.Describe(zones[0])}");
        }

        return IsFirewalldUnreadable(report.Observed) && report.Observed.Firewalld is FirewalldObservation.NotSeen { Reason: var why }
            ? Unknown(FirewalldNotOurs, $"firewalld cannot be seen from here ({why}): {Remediation.ByReconcile}")
            : null;
    }

    private static ConditionUpdate? Unclear(DesiredFirewall desired, ObservedFirewall observed, IReadOnlyList<ChainBlocker> obstacles, bool manages)
    {
        if (obstacles.Count == 0)
            return null;

        // Its chains depend on the interface and the source, which only firewalld itself, asked by root, can relate to its zones.
        var first = obstacles[0];
        var isRoots = manages && first.Nft is { Table.IsFirewallds: true } && observed.IsFirewalldInForce;
        return Unknown(
            isRoots ? FirewalldNotOurs : "Unclear",
            $"{first.Where} lets {Remediation.Ports(first.Ports)} in or not, by rules that cannot be judged here; to be sure, {Remediation.Describe(first, desired, observed)}");
    }

    /// <summary>What failed of the pass, as the condition's finding; null when nothing did.</summary>
    private static ConditionUpdate? Failure(FirewallReport report)
    {
        if (report.NotAttemptedReason is { } blocked)
            return False("LockHeld", blocked);

        return report.Results.FirstOrDefault(result => result.Outcome is not (StepOutcome.Done or StepOutcome.LeftToPrivilegedReconcile)) is { } failed
            ? False(ReasonFor(failed.Outcome), failed.Reason ?? failed.Step.ToString())
            : null;
    }

    private static string ReasonFor(StepOutcome ending) => ending switch
    {
        StepOutcome.Failed => "RepairFailed",
        StepOutcome.NoEffect => "NoEffect",
        _ => ending.ToString(),
    };

    // Neither firewalld nor nftables tells what it does.
    private static bool IsFirewalldUnreadable(ObservedFirewall observed) =>
        observed is { Firewalld: FirewalldObservation.NotSeen, Nft: not { Value: not null } };

    internal static IReadOnlyList<ClosedZone> FindClosedZones(DesiredFirewall desired, ObservedFirewall observed)
    {
        if (observed is not { IsFirewalldInForce: true, Firewalld: FirewalldObservation.Seen { State.Zones: var zones } })
            return [];

        return [..
            from zone in zones
            where zone.ReceivesTraffic
            let shut = desired.Ports.Select(port => port.Port).Where(port => !zone.OpenNow.Contains(port)).ToList()
            where shut.Count > 0
            select new ClosedZone(zone.Name, shut)];
    }

    private static string Describe(ChainBlocker obstacle) => $"{obstacle.Where} does not let {Remediation.Ports(obstacle.Ports)} in";

    private static ConditionUpdate False(string reason, string message) => ConditionUpdate.False(ConditionType.PortsOpen, reason, message);

    private static ConditionUpdate Unknown(string reason, string message) => ConditionUpdate.Unknown(ConditionType.PortsOpen, reason, message);
}

/// <summary>A zone of firewalld that does not let ports in.</summary>
internal sealed record ClosedZone(string Name, IReadOnlyList<int> Ports);
