using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>Something in the host's firewall that does not let a port in.</summary>
/// <param name="Where">The table, chain or zone, as people find it.</param>
/// <param name="Remediation">What opens the port there.</param>
/// <param name="IsCertain">Whether it is refused for sure; else it depends on what is not known here.</param>
/// <param name="IsPlanned">Whether a step of the plan opens it: the agent does that where it manages the firewall.</param>
public sealed record PortBlocker(OpenPort Port, string Where, string Remediation, bool IsCertain, bool IsPlanned)
{
    /// <summary>The tool, when it is a table of iptables.</summary>
    public FilterTool? Tool { get; init; }
}

/// <summary>All that keeps ports shut, one by one; <see cref="PortsDiagnosis"/> sums it up.</summary>
public static class PortBlockers
{
    public static IReadOnlyList<PortBlocker> FindAll(DesiredFirewall desired, FirewallReport report)
    {
        var observed = report.Observed;
        return
        [
            .. from obstacle in ChainBlockers.FindAll(desired, observed)
               from port in obstacle.Ports
               let alone = obstacle with { Ports = [port] }
               select new PortBlocker(
                   port,
                   obstacle.Where,
                   Remediation.Describe(alone, desired, observed),
                   obstacle.IsCertain,
                   obstacle.Elsewhere is null && report.Remaining.Steps.OfType<RewriteChain>().Any(step => step.Tool == obstacle.Filter)) { Tool = obstacle.Filter },
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

    /// <summary>What is said when the firewall could not be looked at; null when it could.</summary>
    public static ConditionUpdate? EvaluateUnseen(FirewallReport report) => PortsDiagnosis.EvaluateUnseen(report.Observed);
}
