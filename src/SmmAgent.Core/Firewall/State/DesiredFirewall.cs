using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Firewall.State;

/// <summary>A TCP port that the cluster must reach.</summary>
/// <param name="Captured">Whether the sidecar's capture may redirect it: every port of the WorkloadGroup, none of the agent's own.</param>
public sealed record OpenPort(int Port, string Name, bool Captured);

/// <summary>What the host's firewall should let in.</summary>
/// <param name="Ports">In ascending order, each once.</param>
/// <param name="Sources">Where the cluster's traffic comes from; empty means anywhere.</param>
/// <param name="Complete">
/// Whether the WorkloadGroup's ports are known. While they are not, rules that the agent made before stay: nothing is removed because of
/// an unknown.
/// </param>
public sealed record DesiredFirewall(IReadOnlyList<OpenPort> Ports, IReadOnlyList<IPNetwork> Sources, bool Complete)
{
    public static DesiredFirewall From(AgentSettings settings, MeshConfig? config)
    {
        var ports = new SortedDictionary<int, OpenPort>();
        foreach (var port in settings.ManagementPorts)
            ports[port] = new(port, ManagementName(port), Captured: false);
        IEnumerable<KeyValuePair<string, int>> group = config?.WorkloadGroup.Ports ?? new Dictionary<string, int>();
        foreach (var (name, port) in group.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            ports.TryAdd(port, new(port, name, Captured: true));

        var sources = (config?.ClusterSources ?? []).Select(SourceNetworks.Parse).OfType<IPNetwork>().Distinct();
        return new([.. ports.Values], [.. sources], Complete: config is not null);
    }

    /// <summary>The sources in one family: all addresses when anyone may come, none when the cluster comes by the other family only.</summary>
    public IReadOnlyList<IPNetwork> SourcesIn(IpFamily family)
    {
        if (Sources.Count == 0)
            return [SourceNetworks.Any(family)];

        var own = Sources.Where(source => source.Family() == family).ToList();
        return own.Any(source => source.PrefixLength == 0) ? [SourceNetworks.Any(family)] : own;
    }

    private static string ManagementName(int port) => port switch
    {
        DashboardApi.AgentPort => "agent",
        DashboardApi.SidecarMetricsPort => "sidecar-metrics",
        _ => "management",
    };
}
