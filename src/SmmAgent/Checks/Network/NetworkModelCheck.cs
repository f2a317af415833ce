using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.Network;

/// <summary>Checks which of Istio's two network models the WorkloadGroup selects, and whether it is plausible.</summary>
internal sealed class NetworkModelCheck() : Check("network-model", CheckGroup.NetworkModel, "Model")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var mesh = await context.Mesh;
        if (mesh.Config is not { } config)
            return [context.Daemon.Status?.Network.Model is { } model ? CheckLine.Pass($"the daemon reports: {model}") : mesh.MissingLine];

        return [config.NetworkModel() == NetworkModel.SameNetwork
            ? Same(config, await context.Gateways)
            : Different(config)];
    }

    private static CheckLine Different(MeshConfig config)
    {
        var group = config.WorkloadGroup;
        return group.Network.Length == 0
            ? CheckLine.Warn(
                $"the WorkloadGroup names no network, the control plane is in {Networks(config)}: taken for different networks",
                $"set .spec.network of WorkloadGroup {group.Namespace}/{group.Name} to {Free(config)}")
            : CheckLine.Pass(
                $"different network ({group.Network}; the control plane: {Networks(config)}): "
                + "all traffic goes through the meshexpansion gateways");
    }

    private static CheckLine Same(MeshConfig config, GatewayObservation gateways)
    {
        var group = config.WorkloadGroup;
        var same = $"same network ({(group.Network.Length == 0 ? "no name" : group.Network)}): "
            + "this VM must reach the pods' addresses directly";
        if (gateways.Results.Count == 0)
        {
            return CheckLine.Warn(
                $"{same}, and the mesh configuration names no direct endpoint to try that with",
                $"if it does not reach them, set .spec.network of WorkloadGroup {group.Namespace}/{group.Name} to {Free(config)}");
        }

        return gateways.Results.Any(result => result.Outcome == Outcome.Ok)
            ? CheckLine.Pass(same)
            : CheckLine.Fail(
                $"{same}, but reaches no direct endpoint: the WorkloadGroup's network is probably wrong",
                $"set .spec.network of WorkloadGroup {group.Namespace}/{group.Name} to a network that the control plane does not use, "
                + $"such as {Free(config)}: traffic then goes through the meshexpansion gateways");
    }

    private static string Networks(MeshConfig config) => string.Join(", ", Own(config).Where(network => network.Length > 0));

    private static IEnumerable<string> Own(MeshConfig config) => config.Mesh.Networks.Prepend(config.Mesh.Network).Distinct();

    // The name that the prerequisites suggest, or the next free one.
    private static string Free(MeshConfig config) =>
        Sequences.Range(1, 1000).Select(number => $"vm-network-{number}").First(name => !Own(config).Contains(name));
}
