using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>Whether the sidecar can exclude the agent's own connections from its capture.</summary>
public static class CaptureBypass
{
    /// <summary>The groups whose connections Istio does not capture.</summary>
    internal const string ExcludedGroups = "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE";

    /// <summary>The only groups whose connections Istio captures. With it Istio ignores <see cref="ExcludedGroups"/>.</summary>
    private const string IncludedGroups = "ISTIO_OUTBOUND_OWNER_GROUPS";

    private const string All = "*";

    private static readonly Version FirstWithGroups = new(1, 14);

    /// <summary>What to do where the agent's connections are captured.</summary>
    /// <param name="config">Null while there is no mesh configuration.</param>
    public static string Remediation(MeshConfig? config) =>
        (config is null ? null : UnsupportedReason(ProxyConfig.Merge(config).Config, config)) is { } obstacle
            ? obstacle
            : "the sidecar was started before the agent was excluded: sudo systemctl restart istio";

    /// <returns>Why the agent cannot be excluded; null when it can.</returns>
    internal static string? UnsupportedReason(ProxyConfig proxy, MeshConfig config)
    {
        if (proxy.Metadata.GetValueOrDefault(IncludedGroups, "") is not ("" or All) and var included)
            return $"remove {IncludedGroups} ('{NameRules.Shown(included)}') from the mesh's proxyMetadata: with it Istio cannot "
                + "exclude the agent";

        return Version.TryParse(config.Mesh.IstioVersion.Split('-')[0], out var version) && version < FirstWithGroups
            ? $"Istio {version} cannot exclude the agent: upgrade Istio to {FirstWithGroups} or later"
            : null;
    }
}
