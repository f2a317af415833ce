namespace SmmAgent.Testing;

/// <summary>
/// Conditions and the verdict about the VM. The tests of the agent and those of the dashboard use the same table, so that both give the
/// same answer.
/// </summary>
public static class AttachmentCases
{
    private const string Well =
        "ConfigCurrent=True:Current TokenCurrent=True:Current DashboardReachable=True:Reachable AddressKnown=True:Known "
        + "GatewaysReachable=True:Reachable PortsOpen=True:Open ReachableFromCluster=True:Reachable SidecarInstalled=True:Installed "
        + "SidecarCurrent=True:Current SidecarRunning=True:Running Registered=True:Registered Healthy=True:Healthy";

    /// <summary>The conditions, the word of the verdict, and the condition that decides it ("" for none).</summary>
    public static IReadOnlyList<(string Conditions, string State, string Decisive)> All { get; } =
    [
        (Well, "attached", ""),

        // A part is missing, and traffic passes.
        (With("PortsOpen=False:BlockedByAnotherTable"), "degraded", "PortsOpen"),
        (With("SidecarRunning=False:NotReady"), "degraded", "SidecarRunning"),
        (With("SidecarCurrent=False:RestartNeeded"), "degraded", "SidecarCurrent"),
        (With("ReachableFromCluster=False:TimedOut"), "degraded", "ReachableFromCluster"),
        (With("Healthy=False:Unhealthy"), "degraded", "Healthy"),
        (With("DashboardReachable=False:TimedOut"), "degraded", "DashboardReachable"),
        (With("TokenCurrent=False:TokenExpiring"), "degraded", "TokenCurrent"),
        (With("GatewaysReachable=True:Degraded"), "degraded", "GatewaysReachable"),
        (With("GatewaysReachable=True:Degraded TokenCurrent=False:TokenExpired"), "degraded", "TokenCurrent"),
        (With("ConfigCurrent=False:TokenRefused"), "degraded", "ConfigCurrent"),

        // No traffic passes.
        (With("AddressKnown=False:NoProviderAnswered"), "not-attached", "AddressKnown"),
        (With("GatewaysReachable=False:Refused"), "not-attached", "GatewaysReachable"),
        (With("SidecarInstalled=False:NotInstalled"), "not-attached", "SidecarInstalled"),
        (With("Registered=False:NotConnected"), "not-attached", "Registered"),
        (With("Registered=False:Detached"), "not-attached", "Registered"),
        (With("PortsOpen=False:NotOpen Registered=False:NotConnected"), "not-attached", "PortsOpen"),
        (With("ConfigCurrent=False:DashboardUnreachable GatewaysReachable=Unknown:NotConfigured"), "not-attached",
            "ConfigCurrent"),
        (With("ConfigCurrent=False:NotConfigured GatewaysReachable=Unknown:NotConfigured"), "not-configured", "ConfigCurrent"),

        // Not known is not False.
        (With("GatewaysReachable=Unknown:CapturedBySidecar"), "attached", ""),
        (With("PortsOpen=Unknown:Unclear"), "attached", ""),
        (With("Registered=Unknown:RateLimited Healthy=Unknown:RateLimited"), "attached", ""),

        // The first seconds.
        (With("ConfigCurrent=Unknown:Pending"), "starting", "ConfigCurrent"),
        (With("AddressKnown=Unknown:Pending"), "starting", "AddressKnown"),
        (With("SidecarRunning=Unknown:Starting Registered=Unknown:Pending"), "starting", "SidecarRunning"),
        (With("SidecarInstalled=Unknown:Pending SidecarRunning=Unknown:Pending"), "starting", "SidecarRunning"),
        (With("AddressKnown=Unknown:Pending PortsOpen=False:NotOpen"), "degraded", "PortsOpen"),
        (With("ConfigCurrent=Unknown:Pending GatewaysReachable=Unknown:Pending PortsOpen=False:NotOpen"), "not-attached", "PortsOpen"),
        (With("Registered=Unknown:Pending"), "attached", ""),

        // Without a sidecar that the agent manages.
        (With("SidecarInstalled=Unknown:Disabled SidecarCurrent=Unknown:Disabled SidecarRunning=Unknown:Disabled "
            + "Registered=False:NotConnected Healthy=False:NotRegistered"), "attached", ""),
        (With("SidecarRunning=Unknown:Disabled PortsOpen=False:NotOpen"), "degraded", "PortsOpen"),

        // An older agent does not report every condition, and a newer one reports more.
        ("ConfigCurrent=True:Current", "attached", ""),
        ("ConfigCurrent=False:TokenRefused", "not-attached", "ConfigCurrent"),
        ("ConfigCurrent=True:Current GatewaysReachable=True:Reachable", "attached", ""),
        ("Registered=False:Detached", "not-attached", "Registered"),
        ("Healthy=True:Healthy", "unknown", ""),
        ("", "unknown", ""),
        (With("NewCondition=False:Reason"), "degraded", "NewCondition"),
        (With("NewCondition=False:Reason Healthy=False:Unhealthy"), "degraded", "Healthy"),
    ];

    /// <summary>Reads the conditions of a case.</summary>
    public static IEnumerable<(string Type, string Status, string Reason)> Parse(string conditions) =>
        conditions.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('=', ':'))
            .Select(parts => (parts[0], parts[1], parts[2]));

    // The conditions of an attached VM, some of them replaced.
    private static string With(string changes)
    {
        var changed = changes.Split(' ').ToDictionary(text => text.Split('=')[0]);
        var well = Well.Split(' ').Select(text => changed.Remove(text.Split('=')[0], out var other) ? other : text).ToList();
        return string.Join(' ', well.Concat(changed.Values));
    }
}
