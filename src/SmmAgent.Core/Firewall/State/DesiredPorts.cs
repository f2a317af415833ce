using SmmAgent.Contract;

namespace SmmAgent.Core.Firewall.State;

/// <summary>A TCP port that the cluster must reach.</summary>
/// <param name="Captured">Whether the sidecar's capture may redirect it: only ports of the WorkloadGroup, never those of the agent.</param>
public sealed record OpenPort(int Port, string Name, bool Captured);

/// <summary>The ports that the cluster must reach, and their names: the same list for the firewall, the status and the dial-back.</summary>
public static class DesiredPorts
{
    /// <param name="group">Null while the mesh configuration is not known.</param>
    /// <returns>The ports in ascending order, each once. A management port keeps its own name; of two names the first one counts.</returns>
    public static IReadOnlyList<OpenPort> From(IReadOnlyList<int> managementPorts, WorkloadGroup? group)
    {
        var ports = new SortedDictionary<int, OpenPort>();
        foreach (var port in managementPorts)
            ports[port] = new(port, ManagementName(port), Captured: false);
        IEnumerable<KeyValuePair<string, int>> named = group?.Ports ?? new Dictionary<string, int>();
        foreach (var (name, port) in named.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            ports.TryAdd(port, new(port, name, Captured: true));
        return ports.Values.ToArray();
    }

    private static string ManagementName(int port) => port switch
    {
        DashboardApi.AgentPort => "agent",
        DashboardApi.SidecarMetricsPort => "sidecar-metrics",
        _ => "management",
    };
}
