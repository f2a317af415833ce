namespace SmmAgent.Core.Conditions;

/// <summary>The conditions that the agent reports, in the order in which they are shown. Docs: docs/conditions.md.</summary>
public static class ConditionType
{
    public const string ConfigCurrent = nameof(ConfigCurrent);
    public const string TokenCurrent = nameof(TokenCurrent);
    public const string DashboardReachable = nameof(DashboardReachable);
    public const string AddressKnown = nameof(AddressKnown);
    public const string GatewaysReachable = nameof(GatewaysReachable);
    public const string PortsOpen = nameof(PortsOpen);
    public const string ReachableFromCluster = nameof(ReachableFromCluster);
    public const string SidecarInstalled = nameof(SidecarInstalled);
    public const string SidecarCurrent = nameof(SidecarCurrent);
    public const string SidecarRunning = nameof(SidecarRunning);
    public const string Registered = nameof(Registered);
    public const string Healthy = nameof(Healthy);

    public static IReadOnlyList<string> All { get; } =
    [
        ConfigCurrent, TokenCurrent, DashboardReachable, AddressKnown, GatewaysReachable, PortsOpen, ReachableFromCluster,
        SidecarInstalled, SidecarCurrent, SidecarRunning, Registered, Healthy,
    ];
}
