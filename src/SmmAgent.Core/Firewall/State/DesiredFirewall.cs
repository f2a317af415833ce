using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Firewall.State;

/// <summary>The ports and sources that the host's firewall should let in.</summary>
/// <param name="Ports">In ascending order, each once.</param>
/// <param name="Sources">The sources of the cluster's traffic; empty means any.</param>
/// <param name="Complete">
/// Whether the WorkloadGroup's ports are known. While they are not, rules that the agent made before stay: nothing is removed
/// because of an unknown.
/// </param>
public sealed record DesiredFirewall(IReadOnlyList<OpenPort> Ports, IReadOnlyList<IPNetwork> Sources, bool Complete)
{
    public static DesiredFirewall From(AgentSettings settings, MeshConfig? config) =>
        new(
            DesiredPorts.From(settings.ManagementPorts, config?.WorkloadGroup),
            (config?.ClusterSources ?? []).Distinct().ToArray(),
            Complete: config is not null);

    /// <summary>
    /// The sources in one family: all addresses when any source is allowed, none when the cluster uses only the other family.
    /// </summary>
    public IReadOnlyList<IPNetwork> SourcesIn(IpFamily family)
    {
        if (Sources.Count == 0)
            return [SourceNetworks.Any(family)];

        var own = Sources.Where(source => source.Family() == family).ToList();
        return own.Any(source => source.PrefixLength == 0) ? [SourceNetworks.Any(family)] : own;
    }
}
