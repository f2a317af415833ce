using SmmAgent.Core.Address;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Daemon.Loop;

/// <summary>The state that the services publish.</summary>
public sealed record AgentStates
{
    public ObservableValue<SettingsState> Settings { get; init; } = new(SettingsState.Empty);

    public ObservableValue<TokenRenewal> Renewal { get; init; } = new(TokenRenewal.NotTried);

    public ObservableValue<MeshConfigState> Mesh { get; init; } = new(MeshConfigState.Initial);

    public ObservableValue<AddressState> Address { get; init; } = new(AddressState.Initial);

    public ObservableValue<ReachabilityState> Reachability { get; init; } = new(ReachabilityState.Initial);

    public ObservableValue<PortsState> Ports { get; init; } = new(PortsState.Initial);

    public ObservableValue<ClusterViewState> Cluster { get; init; } = new(ClusterViewState.Initial);

    public ObservableValue<ListenersState> Listeners { get; init; } = new(ListenersState.Initial);

    public ObservableValue<SidecarState> Sidecar { get; init; } = new(SidecarState.Initial);

    /// <summary>The counts for the metrics. They are no state: no service acts on them.</summary>
    public EventCounters Counters { get; init; } = new();

    public AgentSnapshot Snapshot() => new()
    {
        Settings = Settings.Value,
        Renewal = Renewal.Value,
        Mesh = Mesh.Value,
        Address = Address.Value,
        Reachability = Reachability.Value,
        Ports = Ports.Value,
        Cluster = Cluster.Value,
        Listeners = Listeners.Value,
        Sidecar = Sidecar.Value,
        Counts = Counters.Current,
    };

    /// <summary>Sets <paramref name="reader"/> at a change of any state.</summary>
    public void NotifyOnChange(Signal reader)
    {
        Settings.NotifyOnChange(reader);
        Renewal.NotifyOnChange(reader);
        Mesh.NotifyOnChange(reader);
        Address.NotifyOnChange(reader);
        Reachability.NotifyOnChange(reader);
        Ports.NotifyOnChange(reader);
        Cluster.NotifyOnChange(reader);
        Sidecar.NotifyOnChange(reader);
        Listeners.NotifyOnChange(reader);
    }
}
