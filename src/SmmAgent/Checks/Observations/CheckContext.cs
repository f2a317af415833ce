using SmmAgent.Core.Firewall;
using SmmAgent.Core.Settings;

namespace SmmAgent.Checks.Observations;

/// <summary>What several checks look at, each looked at once in a run, when the first check asks.</summary>
internal sealed class CheckContext
{
    /// <summary>The command that sees what this user may not see.</summary>
    public const string AsRoot = "sudo smm-agent check";

    private readonly Lazy<SettingsLook> _settings;
    private readonly Lazy<DaemonLook> _daemon;
    private readonly Lazy<SystemLook> _system;
    private readonly Lazy<Task<DashboardLook>> _dashboard;
    private readonly Lazy<Task<TokenLook>> _token;
    private readonly Lazy<Task<MeshLook>> _mesh;
    private readonly Lazy<Task<GatewayLook>> _gateways;
    private readonly Lazy<Task<FirewallLook>> _firewall;
    private readonly Lazy<Task<OwnTrafficVerdict>> _ownTraffic;
    private readonly Lazy<Task<AddressLook>> _address;
    private readonly Lazy<ListenersLook> _listeners;
    private readonly Lazy<InterfacesLook> _interfaces;

    /// <param name="end">Ends the looks that are under way when the time of the run is over.</param>
    public CheckContext(AgentPaths paths, TimeProvider time, CancellationToken end)
    {
        (Paths, Time) = (paths, time);
        _settings = new(() => SettingsLook.At(paths));
        _daemon = new(() => DaemonLook.At(paths, time));
        _system = new(() => SystemLook.At(paths));
        _dashboard = new(() => DashboardLook.AtAsync(Settings, time, end));
        _token = new(async () => TokenLook.At(paths, Settings, await _dashboard.Value, time));
        _mesh = new(async () => await MeshLook.AtAsync(paths, Settings, await _dashboard.Value, await _token.Value, time, end));
        _gateways = new(async () => await GatewayLook.AtAsync(await _mesh.Value, time, end));
        _firewall = new(async () => await FirewallLook.AtAsync(paths, Settings, await _mesh.Value, time, end));
        _ownTraffic = new(() => OwnTrafficLook.AtAsync(this));
        _address = new(() => AddressLook.AtAsync(this, end));
        _listeners = new(ListenersLook.Now);
        _interfaces = new(InterfacesLook.Now);
    }

    public AgentPaths Paths { get; }

    public TimeProvider Time { get; }

    /// <summary>agent.yaml.</summary>
    public SettingsLook Settings => _settings.Value;

    /// <summary>The running daemon's status.json.</summary>
    public DaemonLook Daemon => _daemon.Value;

    /// <summary>The operating system.</summary>
    public SystemLook System => _system.Value;

    /// <summary>The dashboard as anybody sees it: name, connection, certificate, health, clock.</summary>
    public Task<DashboardLook> Dashboard => _dashboard.Value;

    /// <summary>The bearer token, and what it says of itself.</summary>
    public Task<TokenLook> Token => _token.Value;

    /// <summary>The mesh configuration, and what the dashboard said when it was asked for it.</summary>
    public Task<MeshLook> Mesh => _mesh.Value;

    /// <summary>The gateways, or the direct endpoints.</summary>
    public Task<GatewayLook> Gateways => _gateways.Value;

    /// <summary>The host's firewall.</summary>
    public Task<FirewallLook> Firewall => _firewall.Value;

    /// <summary>What the host's firewall does with the VM's own connections.</summary>
    public Task<OwnTrafficVerdict> OwnTraffic => _ownTraffic.Value;

    /// <summary>The address under which the cluster reaches this VM.</summary>
    public Task<AddressLook> Address => _address.Value;

    /// <summary>Who listens on which port of this VM.</summary>
    public ListenersLook Listeners => _listeners.Value;

    /// <summary>This VM's own interfaces, and its ways out.</summary>
    public InterfacesLook Interfaces => _interfaces.Value;
}
