using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.ControlPlane;

/// <summary>Checks that the mesh has a meshexpansion gateway with an address.</summary>
internal sealed class ControlPlaneMeshExpansion() : Check("control-plane-meshexpansion", CheckGroup.ControlPlane, "Mesh expansion")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var mesh = await context.Mesh;
        return mesh.Config is { } config ? Lines(config, mesh.AsOf) : [mesh.MissingLine];
    }

    private static CheckLine[] Lines(MeshConfig config, string asOf)
    {
        var gateways = config.MeshExpansionGateways;
        if (config.NetworkModel() == NetworkModel.SameNetwork && gateways.All(gateway => gateway.Addresses.Count == 0))
            return [CheckLine.Pass($"no gateway, and none is needed: the VM is in the control plane's network{asOf}")];
        if (gateways.Count == 0)
        {
            return
            [
                CheckLine.Fail(
                    $"the mesh has no meshexpansion gateway{asOf}",
                    $"turn it on: kubectl -n {config.Mesh.IstioNamespace} edit istiocontrolplanes {config.Mesh.IstioRevision} "
                    + "(.spec.meshExpansion.enabled: true); where Istio runs without SMM, install an east-west gateway"),
            ];
        }

        var isReachable = gateways.Any(gateway => gateway.Addresses.Count > 0);
        return
            gateways.Select(gateway => Line(gateway, config.Mesh.IstioNamespace, isReachable, asOf) with { Subject = gateway.Name })
                .ToArray();
    }

    private static CheckLine Line(MeshExpansionGateway gateway, string @namespace, bool isReachable, string asOf) =>
        gateway.Addresses.Count > 0
        ? CheckLine.Pass($"at {string.Join(", ", gateway.Addresses)}{asOf}")
        : new(
            isReachable ? CheckStatus.Warn : CheckStatus.Fail,
            $"has no address: its load balancer is not ready{asOf}",
            $"kubectl -n {@namespace} get services {gateway.Name} (EXTERNAL-IP)");
}
