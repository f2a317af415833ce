using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Settings;

namespace SmmAgent.Checks.Observations;

/// <summary>The observations that several checks share. Each is made once in a run, when the first check needs it.</summary>
internal sealed class CheckContext
{
    /// <summary>The command that runs the checks with all permissions.</summary>
    public const string AsRoot = "sudo smm-agent check";

    // A dashboard that answers usually does so within this time.
    private static readonly TimeSpan Head = TimeSpan.FromMilliseconds(200);

    private readonly Lazy<SettingsObservation> _settings;
    private readonly Lazy<DaemonObservation> _daemon;
    private readonly Lazy<SystemObservation> _system;
    private readonly Lazy<Task<DashboardObservation>> _dashboard;
    private readonly Lazy<Task<TokenObservation>> _token;
    private readonly Lazy<Task<MeshObservation>> _mesh;
    private readonly Lazy<Task<GatewayObservation>> _gateways;
    private readonly Lazy<Task<FirewallObservation>> _firewall;
    private readonly Lazy<Task<OwnTrafficEvaluation>> _ownTraffic;
    private readonly Lazy<Task<AddressObservation>> _address;
    private readonly Lazy<ListenersObservation> _listeners;
    private readonly Lazy<InterfacesObservation> _interfaces;

    /// <param name="end">Cancels the unfinished observations when the time of the run is over.</param>
    public CheckContext(AgentPaths paths, TimeProvider time, CancellationToken end)
    {
        (Paths, Time) = (paths, time);
        _settings = new(() => SettingsObservation.Read(paths));
        _daemon = new(() => DaemonObservation.Read(paths, time));
        _system = new(() => SystemObservation.Read(paths));
        _dashboard = new(() => DashboardObservation.ObserveAsync(Settings, time, end));
        _token = new(async () => TokenObservation.Read(paths, Settings, await _dashboard.Value, time));
        _mesh = new(async () => await MeshObservation.ObserveAsync(paths, Settings, await _dashboard.Value, await _token.Value, time, end));
        _gateways = new(() => WithMeshAsync(mesh => GatewayObservation.ObserveAsync(mesh, time, end)));
        _firewall = new(() => WithMeshAsync(mesh => FirewallObservation.ObserveAsync(paths, Settings, mesh, time, end)));
        _ownTraffic = new(() => OwnTrafficObservation.ObserveAsync(this));
        _address = new(() => AddressObservation.ObserveAsync(this, end));
        _listeners = new(ListenersObservation.Read);
        _interfaces = new(InterfacesObservation.Read);
    }

    public AgentPaths Paths { get; }

    public TimeProvider Time { get; }

    /// <summary>agent.yaml.</summary>
    public SettingsObservation Settings => _settings.Value;

    /// <summary>The running daemon's status.json.</summary>
    public DaemonObservation Daemon => _daemon.Value;

    /// <summary>The operating system.</summary>
    public SystemObservation System => _system.Value;

    /// <summary>The dashboard without authentication: name, connection, certificate, health, clock.</summary>
    public Task<DashboardObservation> Dashboard => _dashboard.Value;

    /// <summary>The bearer token and its claims.</summary>
    public Task<TokenObservation> Token => _token.Value;

    /// <summary>The mesh configuration, and the result of the request to the dashboard.</summary>
    public Task<MeshObservation> Mesh => _mesh.Value;

    /// <summary>The gateways, or the direct endpoints.</summary>
    public Task<GatewayObservation> Gateways => _gateways.Value;

    /// <summary>The host's firewall.</summary>
    public Task<FirewallObservation> Firewall => _firewall.Value;

    /// <summary>The effect of the host's firewall on the VM's own connections.</summary>
    public Task<OwnTrafficEvaluation> OwnTraffic => _ownTraffic.Value;

    /// <summary>The address at which the cluster reaches this VM.</summary>
    public Task<AddressObservation> Address => _address.Value;

    /// <summary>The listening processes and ports of this VM.</summary>
    public ListenersObservation Listeners => _listeners.Value;

    /// <summary>The network interfaces and default routes of this VM.</summary>
    public InterfacesObservation Interfaces => _interfaces.Value;

    /// <summary>
    /// Observes with the mesh configuration. While the dashboard does not answer, the last good configuration is used at the same time, so
    /// that two timeouts do not add up.
    /// </summary>
    /// <param name="observe">May use the configuration and its age only.</param>
    public async Task<T> WithMeshAsync<T>(Func<MeshObservation, Task<T>> observe)
    {
        if (await Task.WhenAny(Mesh, Task.Delay(Head, Time)) == Mesh)
            return await observe(await Mesh);

        var kept = MeshObservation.ReadLastGood(Paths, Settings);
        var early = observe(kept);
        var known = await Mesh;
        return known.Config is null || known.LastGoodSince is not null && known.LastGoodSince == kept.LastGoodSince
            ? await early
            : await observe(known);
    }
}
