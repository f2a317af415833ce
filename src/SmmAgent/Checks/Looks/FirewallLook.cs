using SmmAgent.Core.Firewall;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon;

namespace SmmAgent.Checks.Looks;

/// <summary>The host's firewall, looked at as the daemon does.</summary>
/// <param name="Desired">What it should let in. Its ports are the agent's own only while there is no mesh configuration.</param>
/// <param name="Report">What is there, and what the agent would still do.</param>
internal sealed record FirewallLook(DesiredFirewall Desired, FirewallReport Report)
{
    public static async Task<FirewallLook> AtAsync(
        AgentPaths paths, SettingsLook settings, MeshLook mesh, TimeProvider time, CancellationToken end)
    {
        var desired = DesiredFirewall.From(settings.Settings, mesh.Config);
        return new(desired, await HostFirewallPass.Create(paths, time).LookAsync(desired, end));
    }
}
