using SmmAgent.Core.Address;
using SmmAgent.Core.Firewall;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Daemon.Loop;

/// <summary>Every piece of state that the services publish.</summary>
public sealed record AgentStates
{
    public Latest<SettingsState> Settings { get; init; } = new(SettingsState.Empty);

    public Latest<TokenRenewal> Renewal { get; init; } = new(TokenRenewal.NotTried);

    public Latest<MeshConfigState> Mesh { get; init; } = new(MeshConfigState.Initial);

    public Latest<AddressState> Address { get; init; } = new(AddressState.Initial);

    public Latest<ReachabilityState> Reachability { get; init; } = new(ReachabilityState.Initial);

    public Latest<PortsState> Ports { get; init; } = new(PortsState.Initial);

    public Latest<ClusterViewState> Cluster { get; init; } = new(ClusterViewState.Initial);

    public Latest<ListenersState> Listeners { get; init; } = new(ListenersState.Initial);

    public Latest<SidecarState> Sidecar { get; init; } = new(SidecarState.Initial);

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
    };

    /// <summary>Wakes <paramref name="reader"/> at a change of any of them.</summary>
    public void WakeOnChange(Wake reader)
    {
        Settings.WakeOnChange(reader);
        Renewal.WakeOnChange(reader);
        Mesh.WakeOnChange(reader);
        Address.WakeOnChange(reader);
        Reachability.WakeOnChange(reader);
        Ports.WakeOnChange(reader);
        Cluster.WakeOnChange(reader);
        Sidecar.WakeOnChange(reader);
        Listeners.WakeOnChange(reader);
    }
}
