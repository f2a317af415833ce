namespace SmmAgent.Core.Settings;

/// <summary>Whether two readings of agent.yaml say the same: a rewritten comment must not wake anybody.</summary>
public static class SettingsEquality
{
    public static bool Same(AgentSettings a, AgentSettings b) =>
        a.AddressProviders.SequenceEqual(b.AddressProviders)
        && a.ManagementPorts.SequenceEqual(b.ManagementPorts)
        && a with { AddressProviders = b.AddressProviders, ManagementPorts = b.ManagementPorts } == b;
}
