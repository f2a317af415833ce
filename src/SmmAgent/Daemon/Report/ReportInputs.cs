using SmmAgent.Core.Address;
using SmmAgent.Core.Firewall;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Daemon.Report;

/// <summary>What the report and the dial-back depend on.</summary>
public sealed record ReportInputs(
    Latest<SettingsState> Settings,
    Latest<MeshConfigState> MeshConfig,
    Latest<AddressState> Address,
    Latest<ReachabilityState> Reachability,
    Latest<PortsState> Ports,
    Latest<SidecarState> Sidecar)
{
    public void WakeOnChange(Wake wake)
    {
        Settings.WakeOnChange(wake);
        MeshConfig.WakeOnChange(wake);
        Address.WakeOnChange(wake);
        Reachability.WakeOnChange(wake);
        Ports.WakeOnChange(wake);
        Sidecar.WakeOnChange(wake);
    }
}
