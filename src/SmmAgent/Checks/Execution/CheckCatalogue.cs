using SmmAgent.Checks.Address;
using SmmAgent.Checks.ControlPlane;
using SmmAgent.Checks.Dashboard;
using SmmAgent.Checks.HostSetup;
using SmmAgent.Checks.NameResolution;
using SmmAgent.Checks.Network;
using SmmAgent.Checks.OperatingSystem;
using SmmAgent.Checks.Packages;
using SmmAgent.Checks.Ports;

namespace SmmAgent.Checks.Execution;

/// <summary>Lists every check, in the order of the report.</summary>
internal static class CheckCatalogue
{
    public static IReadOnlyList<Check> Create() =>
    [
        new OsArchitecture(),
        new OsInit(),
        new OsPackageManager(),
        new OsDistribution(),

        new PackagesRequired(),

        new DashboardSettings(),
        new DashboardConfigured(),
        new DashboardWorkloadGroup(),
        new DashboardEncryption(),
        new DashboardName(),
        new DashboardReachable(),
        new DashboardCertificate(),
        new DashboardAnswers(),
        new DashboardToken(),
        new DashboardTokenClaims(),
        new DashboardTokenAccepted(),

        new ControlPlaneStatus(),
        new ControlPlaneMeshExpansion(),
        new ControlPlaneSidecar(),

        new AddressSource(),
        new AddressOwn(),
        new AddressReached(),

        new PortsFirewall(),
        new PortsOpen(),
        new PortsOwnTraffic(),
        new PortsAgent(),
        new PortsWorkload(),

        new NetworkModelCheck(),
        new NetworkReach(),

        new NamesNamespace(),
        new NamesCapture(),

        new HostClock(),
        new HostCertificates(),
        new HostDocker(),
        new HostInterfaces(),
        new HostIPv6(),
        new HostBackends(),
    ];
}
