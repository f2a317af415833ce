using SmmAgent.Contract;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Status;

/// <summary>Creates status.json from the states of the services.</summary>
public static class AgentStatusBuilder
{
    public static AgentStatus Build(
        AgentSnapshot snapshot, IReadOnlyList<Condition> conditions, AgentInfo agent, DateTimeOffset now,
        AttachmentStatus? attachment = null) => new()
        {
            Agent = agent,
            Attachment = attachment ?? AttachmentStatus.From(SnapshotAttachment.Evaluate(snapshot, conditions), since: null),
            WorkloadGroup = snapshot.Group,
            Address = snapshot.Address.Address is { } address ? new AddressReport(address.Value.ToString(), address.Source) : null,
            Network = new NetworkStatus(ModelName(snapshot.Reachability.Model ?? snapshot.Mesh.Config?.NetworkModel())),
            Gateways = snapshot.Reachability.Gateways.Select(Gateway).ToArray(),
            Ports = Ports(snapshot),
            Sidecar = Sidecar(snapshot),
            Conditions = conditions,
            UpdatedAt = now,
        };

    private static string? ModelName(NetworkModel? model) => model switch
    {
        NetworkModel.SameNetwork => "same-network",
        NetworkModel.DifferentNetwork => "different-network",
        _ => null,
    };

    private static SidecarStatus? Sidecar(AgentSnapshot snapshot) => snapshot.Sidecar switch
    {
        { Version: null, Unit: null } => null,
        { Version: var version, Unit: var unit } =>
            new(version, unit is null ? null : unit.Activity == SmmAgent.Core.Sidecar.Planning.UnitActivity.Running, unit?.IsReady,
                unit?.Since),
    };

    private static GatewayStatus Gateway(GatewayResult result) => new(
        result.Name,
        result.Address,
        result.Port,
        result.Outcome.Name(),
        result.Latency is { } latency ? Math.Round(latency.TotalMilliseconds, 1) : null);

    // The list includes wanted ports that the firewall service has not observed yet, and ports that are still open.
    private static List<PortStatus> Ports(AgentSnapshot snapshot)
    {
        var ports = new SortedDictionary<int, PortStatus>();
        foreach (var port in DesiredPorts.From(snapshot.Settings.Settings.ManagementPorts, snapshot.Mesh.Config?.WorkloadGroup))
            ports.Add(port.Port, new PortStatus(port.Port, port.Name, Wanted: true, Open: null, Reached(port.Port)));
        foreach (var state in snapshot.Ports.Ports)
            ports[state.Port] = new PortStatus(state.Port, state.Name, ports.ContainsKey(state.Port), state.Open, Reached(state.Port));
        return ports.Values.ToList();

        bool? Reached(int port) => snapshot.Cluster.Reached.TryGetValue(port, out var reached) ? reached : null;
    }
}
