using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>The condition when every port is open, with notes about the rest of the firewall.</summary>
internal static class OpenPortsCondition
{
    public static ConditionUpdate Evaluate(DesiredFirewall desired, FirewallReport report, ConditionUpdate? failure)
    {
        var open = $"{Remediation.Ports(desired.Ports)} open";
        var missing = report.Observed.Filters.FirstOrDefault(filter => filter.State.Value is { Presence: FilterPresence.CommandMissing });
        if (missing is not null)
            return True(ConditionUpdate.Degraded, $"{open} by IPv4 only: {missing.Tool.Command} is not installed");
        if (report.Observed.Filters.FirstOrDefault(filter => filter.State.UnknownReason is not null) is { } unobserved)
            return True(ConditionUpdate.Degraded, $"{open} by IPv4; the state of IPv6 is unknown: {unobserved.State.UnknownReason}");
        if (failure is not null)
        {
            return True(
                ConditionUpdate.Degraded,
                $"{open}, but the firewall differs from the desired state ({failure.Reason}): {failure.Message}");
        }

        if (report.Remaining.Steps.OfType<OpenInFirewalld>().FirstOrDefault() is { } zone && report.Observed.IsFirewalldInForce)
        {
            return True(
                ConditionUpdate.Degraded,
                $"{open}, but in firewalld's zone {zone.Zone} only until its next reload: {Remediation.ByReconcile}");
        }


        var notes = string.Concat(Notes(report.Observed).Select(note => $"; {note}"));
        if (!desired.Complete)
            return True("OpenToAny", $"{open}; there is no mesh configuration yet, so the WorkloadGroup's ports are not known{notes}");

        return desired.Sources.Count > 0
            ? True("Open", $"{open} to {string.Join(", ", desired.Sources)}{notes}")
            : True("OpenToAny", $"{open} to any source: the mesh configuration names no clusterSources{notes}");
    }

    private static IEnumerable<string> Notes(ObservedFirewall observed)
    {
        if (observed is { Captured: true, IsFirewalldInForce: true })
            yield return "firewalld lets every captured port through to the sidecar, not only these";
        if (BypassedRules.Find(observed) is { Count: > 0 } overtaken)
        {
            yield return $"the agent's jump comes before rules that drop some of this traffic: {string.Join("; ", overtaken)} "
                + "(to apply them first, put them above the jump)";
        }

        if (observed.Nft?.UnknownReason is { } reason)
            yield return $"other tables of nftables could not be read: {reason}";
    }

    private static ConditionUpdate True(string reason, string message) => ConditionUpdate.True(ConditionType.PortsOpen, reason, message);
}
