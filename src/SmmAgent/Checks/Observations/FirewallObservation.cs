using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Firewall;

namespace SmmAgent.Checks.Observations;

/// <summary>The host's firewall, looked at as the daemon does.</summary>
/// <param name="Desired">What it should let in. Its ports are the agent's own only while there is no mesh configuration.</param>
/// <param name="Report">What is there, and what the agent would still do.</param>
internal sealed record FirewallObservation(DesiredFirewall Desired, FirewallReport Report)
{
    /// <summary>The line of every check that needs it, where it could not be looked at; null where it could.</summary>
    public CheckLine? UnreadableLine => PortBlockers.EvaluateUnseen(Report) switch
    {
        null => null,
        { Status: ConditionStatus.False } missing => CheckLine.Fail(missing.Message, "install the package iptables"),
        _ when !Environment.IsPrivilegedProcess => CheckLine.Skipped("only root sees the firewall", CheckContext.AsRoot),
        var unknown => CheckLine.Warn($"the firewall cannot be seen: {unknown.Message}", "see that iptables-save works on this host"),
    };

    public static async Task<FirewallObservation> ObserveAsync(
        AgentPaths paths, SettingsObservation settings, MeshObservation mesh, TimeProvider time, CancellationToken end)
    {
        var desired = DesiredFirewall.From(settings.Settings, mesh.Config);
        return new(desired, await HostFirewallPass.Create(paths, time).DryRunAsync(desired, end));
    }
}
