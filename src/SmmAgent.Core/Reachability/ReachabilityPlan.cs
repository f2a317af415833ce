using SmmAgent.Contract;

namespace SmmAgent.Core.Reachability;

/// <summary>What a mesh configuration asks to be tried.</summary>
/// <param name="LeftOut">How many ports are beyond <see cref="MaximumTargets"/> and are not tried.</param>
/// <param name="IstiodName">The name that istiod's certificate must be for.</param>
/// <param name="RootCertificate">The mesh's root certificates in PEM.</param>
public sealed record ReachabilityPlan(
    NetworkModel Model, IReadOnlyList<ProbeTarget> Targets, int LeftOut, string IstiodName, string RootCertificate)
{
    /// <summary>
    /// The most ports of one round; with the addresses that a name may have, and the time of a probe, it bounds the round.
    /// </summary>
    public const int MaximumTargets = 96;

    public static ReachabilityPlan From(MeshConfig config)
    {
        var model = config.NetworkModel();
        var all = AllTargets(config);
        return new(
            model,
            all.Count <= MaximumTargets ? all : all[..MaximumTargets],
            Math.Max(0, all.Count - MaximumTargets),
            HostOf(config.Mesh.DiscoveryAddress()),
            config.Mesh.RootCertificate);
    }

    /// <summary>Every port that the VM has to reach, more than are tried included.</summary>
    public static List<ProbeTarget> AllTargets(MeshConfig config) =>
        [.. (config.NetworkModel() == NetworkModel.SameNetwork ? Direct(config) : ThroughGateways(config)).Distinct()];

    private static IEnumerable<ProbeTarget> ThroughGateways(MeshConfig config) =>
        from gateway in config.MeshExpansionGateways
        from address in gateway.Addresses
        from port in gateway.Ports
        select ProbeTarget.From(gateway.Name, address, port);

    private static IEnumerable<ProbeTarget> Direct(MeshConfig config) =>
        config.DirectEndpoints.Select(endpoint =>
            ProbeTarget.From(endpoint.Name, endpoint.Address, new GatewayPort(endpoint.Name, endpoint.Port)));

    private static string HostOf(string hostAndPort) => hostAndPort[..hostAndPort.LastIndexOf(':')].Trim('[', ']');
}
