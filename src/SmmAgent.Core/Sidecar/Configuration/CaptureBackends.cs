namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>Where the rules of a capture can be.</summary>
public static class CaptureBackends
{
    /// <summary>Tables that iptables makes in nftables.</summary>
    public const string Nft = "nft";

    /// <summary>Tables of the legacy iptables.</summary>
    public const string Legacy = "legacy";

    /// <summary>Istio's own tables of nftables.</summary>
    public const string Native = "native-nft";

    private const string NativeSwitch = "NATIVE_NFTABLES";

    /// <param name="variables">The variables of cluster.env.</param>
    /// <returns>Where Istio puts the rules with these variables; null where it decides itself.</returns>
    internal static string? Chosen(IReadOnlyDictionary<string, string> variables) =>
        variables.GetValueOrDefault(NativeSwitch) == "true" ? Native
        : variables.GetValueOrDefault(ClusterEnv.ForcedBackend) is (Nft or Legacy) and var backend ? backend
        : null;
}
