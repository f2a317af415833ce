using SmmAgent.Core.Address;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Daemon.Report;

/// <summary>What the report and the dial-back depend on.</summary>
public sealed record ReportInputs(
    ObservableValue<SettingsState> Settings,
    ObservableValue<MeshConfigState> MeshConfig,
    ObservableValue<AddressState> Address,
    ObservableValue<ReachabilityState> Reachability,
    ObservableValue<PortsState> Ports,
    ObservableValue<SidecarState> Sidecar)
{
    public void NotifyOnChange(Signal wake)
    {
        Settings.NotifyOnChange(wake);
        MeshConfig.NotifyOnChange(wake);
        Address.NotifyOnChange(wake);
        Reachability.NotifyOnChange(wake);
        Ports.NotifyOnChange(wake);
        Sidecar.NotifyOnChange(wake);
    }
}
