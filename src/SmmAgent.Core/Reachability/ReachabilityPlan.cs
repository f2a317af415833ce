using SmmAgent.Contract;

namespace SmmAgent.Core.Reachability;

/// <summary>The targets that a mesh configuration defines.</summary>
/// <param name="LeftOut">The number of ports beyond <see cref="MaximumTargets"/>, which are not probed.</param>
/// <param name="IstiodName">The name that istiod's certificate must be for.</param>
/// <param name="RootCertificate">The mesh's root certificates in PEM.</param>
public sealed record ReachabilityPlan(
    NetworkModel Model, IReadOnlyList<ProbeTarget> Targets, int LeftOut, string IstiodName, string RootCertificate)
{
    /// <summary>
    /// The maximum number of ports of one round. It limits the duration of a round.
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

    /// <summary>Every port that the VM must reach, including those beyond the limit.</summary>
    public static List<ProbeTarget> AllTargets(MeshConfig config) =>
        (config.NetworkModel() == NetworkModel.SameNetwork ? Direct(config) : ThroughGateways(config)).Distinct().ToList();

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
