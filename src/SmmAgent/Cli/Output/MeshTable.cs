using System.Globalization;
using SmmAgent.Contract;

namespace SmmAgent.Cli.Output;

/// <summary>Lists the values of a mesh configuration under the names of their fields.</summary>
internal static class MeshTable
{
    public static IEnumerable<(string Key, string Value)> Rows(MeshConfig config)
    {
        var (mesh, group) = (config.Mesh, config.WorkloadGroup);
        yield return ("mesh.clusterId", mesh.ClusterId);
        yield return ("mesh.network", mesh.Network);
        if (mesh.Status is { } status)
            yield return ("mesh.status", status);
        yield return ("mesh.istioVersion", mesh.IstioVersion);
        yield return ("mesh.istioRevision", mesh.IstioRevision);
        yield return ("mesh.istioNamespace", mesh.IstioNamespace);
        yield return ("mesh.defaultConfig.discoveryAddress", mesh.DiscoveryAddress());
        yield return ("workloadGroup.serviceAccount", group.ServiceAccount);
        yield return ("workloadGroup.network",
            $"{group.Network} ({(config.NetworkModel() == NetworkModel.SameNetwork ? "same network" : "different network")})");
        yield return ("workloadGroup.ports", Joined(group.Ports.Select(port => $"{port.Key} {Number(port.Value)}")));
        foreach (var gateway in config.MeshExpansionGateways)
            yield return ($"meshExpansionGateways.{gateway.Name}",
                $"{Joined(gateway.Addresses)}; ports {Joined(gateway.Ports.Select(port => Number(port.Port)))}");
        foreach (var endpoint in config.DirectEndpoints)
            yield return ($"directEndpoints.{endpoint.Name}", $"{endpoint.Address} {Number(endpoint.Port)}");
        foreach (var package in config.Packages)
            yield return ($"packages.{package.Name}",
                $"{package.Version}, {package.Format.Word()}, {package.Architecture}"
                    + (package.Sha256 is null ? ", without a sha256" : ""));
        yield return ("clusterSources", config.ClusterSources.Count == 0 ? "any"
            : Joined(config.ClusterSources.Select(source => source.ToString())));
    }

    private static string Joined(IEnumerable<string> items) => string.Join(", ", items);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
