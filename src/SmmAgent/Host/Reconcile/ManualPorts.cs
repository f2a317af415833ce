using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Host.Reconcile;

/// <summary>Reports what the operator has to change in the firewall where firewall.mode is check.</summary>
internal static class ManualPorts
{
    /// <summary>Reports what keeps ports shut, not the agent's own rules: the operator may have opened the ports in another way.</summary>
    public static void Report(Progress progress, DesiredFirewall desired, FirewallReport report)
    {
        foreach (var shut in PortBlockers.FindAll(desired, report).Where(one => one.IsCertain))
            progress.Warn($"left to you, because firewall.mode is check: {shut.Where} does not let {shut.Port.Port} in; {shut.Remediation}");
    }
}
