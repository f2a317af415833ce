using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>Evaluates the report of a reconcile of the firewall: the open ports, and the fixes for the others.</summary>
public static class PortsDiagnosis
{
    /// <summary>The reason when firewalld blocks a port, or may block it: only the privileged reconcile opens ports there.</summary>
    public const string FirewalldNotOurs = nameof(FirewalldNotOurs);

    public static PortsState Evaluate(DesiredFirewall desired, FirewallReport report, bool manages)
    {
        var observed = report.Observed;
        if (EvaluateUnseen(observed) is { } unobserved)
            return new(desired.Ports.Select(port => new PortState(port.Port, port.Name, null)).ToArray(), unobserved);

        var blockers = ChainBlockers.FindAll(desired, observed);
        var zones = FindClosedZones(desired, observed);
        var closed = PortsOf(blockers.Where(blocker => blocker.IsCertain));
        closed.UnionWith(zones.SelectMany(zone => zone.Ports));
        var unclear = PortsOf(blockers.Where(blocker => !blocker.IsCertain));
        var ports = desired.Ports.Select(port => new PortState(port.Port, port.Name, IsOpen(port))).ToList();
        var finding = Shut(desired, report, manages, blockers)
            ?? Firewalld(report, manages, zones)
            ?? Unclear(desired, observed, blockers, manages);
        return new(ports, finding ?? OpenPortsCondition.Evaluate(desired, report, Failure(report)));

        bool? IsOpen(OpenPort port) =>
            closed.Contains(port.Port) ? false : unclear.Contains(port.Port) || IsFirewalldUnreadable(observed) ? null : true;
    }

    private static HashSet<int> PortsOf(IEnumerable<ChainBlocker> blockers) =>
        [.. blockers.SelectMany(blocker => blocker.Ports).Select(port => port.Port)];

    internal static ConditionUpdate? EvaluateUnseen(ObservedFirewall observed)
    {
        var main = observed.Filters.First(filter => filter.Tool.Family == IpFamily.IPv4);
        if (main.State.Value is { Presence: FilterPresence.CommandMissing })
        {
            return False(
                "IptablesMissing",
                $"{main.Tool.Save} is not installed: install the package iptables (apt-get install iptables, or yum install iptables)");
        }

        return main.State.UnknownReason is { } reason ? Unknown(main.NotPermitted ? "NotPermitted" : "NotSeen", reason) : null;
    }

    private static ConditionUpdate? Shut(DesiredFirewall desired, FirewallReport report, bool manages, IReadOnlyList<ChainBlocker> blockers)
    {
        var certain = blockers.Where(blocker => blocker.IsCertain).ToList();
        if (certain.Count == 0)
            return null;

        // The agent's own chain comes first: without it nothing else is certain.
        var own = certain.FirstOrDefault(
            blocker => blocker.Elsewhere is null && report.Observed.Filters.Any(filter => filter.Tool == blocker.Filter));
        if (own is not null && manages)
        {
            return Failure(report) ?? False(
                "NotOpen",
                $"{Describe(own)}, though the agent wrote its rules: another program changes them, or they are not shown");
        }

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

        return IsFirewalldUnreadable(report.Observed) && report.Observed.Firewalld is FirewalldObservation.NotSeen { Reason: var reason }
            ? Unknown(FirewalldNotOurs, $"firewalld cannot be read ({reason}): {Remediation.ByReconcile}")
            : null;
    }

    private static ConditionUpdate? Unclear(
        DesiredFirewall desired, ObservedFirewall observed, IReadOnlyList<ChainBlocker> blockers, bool manages)
    {
        if (blockers.Count == 0)
            return null;

        // The chains of firewalld depend on the interface and the source. Only firewalld can relate these to its zones, and only root may
        // ask.
        var first = blockers[0];
        var needsRoot = manages && first.Nft is { Table.IsFirewallds: true } && observed.IsFirewalldInForce;
        return Unknown(
            needsRoot ? FirewalldNotOurs : "Unclear",
            $"{first.Where} may block {Remediation.Ports(first.Ports)}: it has rules the agent cannot evaluate; "
                + $"to be sure, {Remediation.Describe(first, desired, observed)}");
    }

    /// <summary>The failure of the reconcile as an update of the condition; null without a failure.</summary>
    private static ConditionUpdate? Failure(FirewallReport report)
    {
        if (report.NotAttemptedReason is { } blocked)
            return False("LockHeld", blocked);

        var failed = report.Results.FirstOrDefault(
            result => result.Outcome is not (StepOutcome.Done or StepOutcome.LeftToPrivilegedReconcile));
        return failed is not null
            ? False(ReasonFor(failed.Outcome), failed.Reason ?? failed.Step.ToString())
            : null;
    }

    private static string ReasonFor(StepOutcome ending) => ending switch
    {
        StepOutcome.Failed => "RepairFailed",
        StepOutcome.NoEffect => "NoEffect",
        _ => ending.ToString(),
    };

    // Neither firewalld nor nftables can be read.
    private static bool IsFirewalldUnreadable(ObservedFirewall observed) =>
        observed is { Firewalld: FirewalldObservation.NotSeen, Nft: not { Value: not null } };

    internal static IReadOnlyList<ClosedZone> FindClosedZones(DesiredFirewall desired, ObservedFirewall observed)
    {
        if (observed is not { IsFirewalldInForce: true, Firewalld: FirewalldObservation.Seen { State.Zones: var zones } })
            return [];

        return (from zone in zones
                where zone.ReceivesTraffic
                let shut = desired.Ports.Select(port => port.Port).Where(port => !zone.OpenNow.Contains(port)).ToList()
                where shut.Count > 0
                select new ClosedZone(zone.Name, shut)).ToArray();
    }

    private static string Describe(ChainBlocker blocker) => $"{blocker.Where} does not let {Remediation.Ports(blocker.Ports)} in";

    private static ConditionUpdate False(string reason, string message) => ConditionUpdate.False(ConditionType.PortsOpen, reason, message);

    private static ConditionUpdate Unknown(string reason, string message) =>
        ConditionUpdate.Unknown(ConditionType.PortsOpen, reason, message);
}

/// <summary>A zone of firewalld that does not let ports in.</summary>
internal sealed record ClosedZone(string Name, IReadOnlyList<int> Ports);
