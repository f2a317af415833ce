using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>A part of the host's firewall that blocks a port.</summary>
/// <param name="Where">The table, chain or zone, in the notation of its tool.</param>
/// <param name="Remediation">The fix that opens the port there.</param>
/// <param name="IsCertain">Whether the port is blocked for certain; otherwise it depends on what the agent does not know.</param>
/// <param name="IsPlanned">Whether a step of the plan opens the port: the agent executes it where it manages the firewall.</param>
public sealed record PortBlocker(OpenPort Port, string Where, string Remediation, bool IsCertain, bool IsPlanned)
{
    /// <summary>The tool, when it is a table of iptables.</summary>
    public FilterTool? Tool { get; init; }
}

/// <summary>Lists everything that blocks a port; <see cref="PortsDiagnosis"/> summarizes it.</summary>
public static class PortBlockers
{
    public static IReadOnlyList<PortBlocker> FindAll(DesiredFirewall desired, FirewallReport report)
    {
        var observed = report.Observed;
        return
        [
            .. from blocker in ChainBlockers.FindAll(desired, observed)
               from port in blocker.Ports
               let alone = blocker with { Ports = [port] }
               select new PortBlocker(
                   port,
                   blocker.Where,
                   Remediation.Describe(alone, desired, observed),
                   blocker.IsCertain,
                   blocker.Elsewhere is null && report.Remaining.Steps.OfType<RewriteChain>().Any(step => step.Tool == blocker.Filter))
               {
                   Tool = blocker.Filter,
               },
            .. from zone in PortsDiagnosis.FindClosedZones(desired, observed)
               from port in desired.Ports
               where zone.Ports.Contains(port.Port)
               select new PortBlocker(
                   port,
                   $"firewalld's zone {zone.Name}",
                   Remediation.Describe(new ClosedZone(zone.Name, [port.Port])),
                   IsCertain: true,
                   report.Remaining.Steps.OfType<OpenInFirewalld>().Any(step => step.Zone == zone.Name)),
        ];
    }

    /// <summary>The update of the condition when the firewall cannot be read; null when it can.</summary>
    public static ConditionUpdate? EvaluateUnseen(FirewallReport report) => PortsDiagnosis.EvaluateUnseen(report.Observed);
}
