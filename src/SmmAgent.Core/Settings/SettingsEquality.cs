namespace SmmAgent.Core.Settings;

/// <summary>Compares two readings of agent.yaml, so that an edited comment does not cause a change.</summary>
public static class SettingsEquality
{
    public static bool Same(AgentSettings a, AgentSettings b) =>
        a.AddressProviders.SequenceEqual(b.AddressProviders)
        && a.ManagementPorts.SequenceEqual(b.ManagementPorts)
        && a.Sidecar.PackageSha256s.SequenceEqual(b.Sidecar.PackageSha256s)
        && (a.TrustedKeys is null == b.TrustedKeys is null) && (a.TrustedKeys ?? []).SequenceEqual(b.TrustedKeys ?? [])
        && a with
        {
            AddressProviders = b.AddressProviders,
            ManagementPorts = b.ManagementPorts,
            Sidecar = a.Sidecar with { PackageSha256s = b.Sidecar.PackageSha256s },
            TrustedKeys = b.TrustedKeys,
        } == b;
}
