using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Host.Reconcile;

/// <summary>Prints the changes that the operator has to make in the firewall if firewall.mode is check.</summary>
internal static class ManualPorts
{
    /// <summary>
    /// Prints the blockers of ports. Missing rules of the agent are not printed: the operator may have opened the ports in another way.
    /// </summary>
    public static void Report(Progress progress, DesiredFirewall desired, FirewallReport report)
    {
        foreach (var shut in PortBlockers.FindAll(desired, report).Where(one => one.IsCertain))
            progress.Warn(
                $"left to you, because firewall.mode is check: {shut.Where} does not let {shut.Port.Port} in; {shut.Remediation}");
    }
}
