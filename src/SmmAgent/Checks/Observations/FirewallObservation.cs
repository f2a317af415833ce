using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Firewall;

namespace SmmAgent.Checks.Observations;

/// <summary>The host's firewall, observed in the same way as by the daemon.</summary>
/// <param name="Desired">The ports to allow. Without a mesh configuration, these are only the agent's own ports.</param>
/// <param name="Report">The observed state, and the pending steps of the agent.</param>
internal sealed record FirewallObservation(DesiredFirewall Desired, FirewallReport Report)
{
    /// <summary>The line of every check that needs the firewall, if it is unreadable; otherwise null.</summary>
    public CheckLine? UnreadableLine => PortBlockers.EvaluateUnseen(Report) switch
    {
        null => null,
        { Status: ConditionStatus.False } missing => CheckLine.Fail(missing.Message, "install the package iptables"),
        _ when !Environment.IsPrivilegedProcess => CheckLine.Skipped("only root can read the firewall", CheckContext.AsRoot),
        var unknown => CheckLine.Warn($"the firewall is unreadable: {unknown.Message}", "make sure that iptables-save works on this host"),
    };

    public static async Task<FirewallObservation> ObserveAsync(
        AgentPaths paths, SettingsObservation settings, MeshObservation mesh, TimeProvider time, CancellationToken end)
    {
        var desired = DesiredFirewall.From(settings.Settings, mesh.Config);
        return new(desired, await FirewallComposition.Create(paths, time).DryRunAsync(desired, end));
    }
}
