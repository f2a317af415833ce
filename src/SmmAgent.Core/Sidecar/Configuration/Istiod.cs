using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The name under which a VM reaches the control plane, in Istio's form, and the addresses for it.</summary>
public static class Istiod
{
    public const int Port = 15012;

    private const string DefaultNamespace = "istio-system";

    /// <summary>Whether the control plane is one of several; Istio's own word for the only one is <c>default</c>.</summary>
    public static bool IsRevisioned(Contract.Mesh mesh) => mesh.IstioRevision is not ("" or Contract.Mesh.DefaultRevision);

    public static string Host(Contract.Mesh mesh) => mesh.IstiodHost();

    public static string Address(Contract.Mesh mesh) => $"{Host(mesh)}:{Port}";

    /// <summary>Whether istio-start.sh finds the control plane without a setting.</summary>
    public static bool IsDefault(Contract.Mesh mesh) => !IsRevisioned(mesh) && mesh.IstioNamespace == DefaultNamespace;

    /// <summary>
    /// The addresses, and the names to resolve to addresses, that <see cref="Host"/> gets on this VM; empty when the mesh configuration has
    /// none.
    /// </summary>
    public static IReadOnlyList<string> HostSources(MeshConfig config)
    {
        var direct = config.DirectEndpoints.Where(endpoint => endpoint.Port == Port).Select(endpoint => endpoint.Address);
        var gateways = config.MeshExpansionGateways.Where(gateway => gateway.Ports.Any(port => port.Port == Port))
            .SelectMany(gateway => gateway.Addresses);
        List<string> nearest = config.NetworkModel() == NetworkModel.SameNetwork ? direct.Distinct().ToList() : [];
        return nearest.Count > 0 ? nearest : gateways.Distinct().ToList();
    }
}
