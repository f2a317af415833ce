using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The additions to the configuration that Istio's own command writes by default.</summary>
public sealed record SidecarOptions
{
    private const int MaximumLabel = 63;

    /// <summary>As <c>istioctl x workload entry configure</c> writes it.</summary>
    public static SidecarOptions AsIstioctl { get; } = new();

    /// <summary>Whether the sidecar registers its own WorkloadEntry.</summary>
    public bool AutoRegister { get; init; }

    /// <summary>Labels that the WorkloadEntry gets unless the WorkloadGroup has them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Labels that replace those of the WorkloadGroup in the WorkloadEntry, because the entry cannot be found without them.
    /// </summary>
    public IReadOnlyDictionary<string, string> OwnLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Ports that the sidecar must not capture, in addition to Istio's own.</summary>
    public IReadOnlyList<int> ExcludedPorts { get; init; } = [];

    /// <summary>
    /// The options of the agent: the VM registers itself, can be distinguished from others, and the agent's own ports stay reachable.
    /// </summary>
    /// <param name="uuid">The agent's uuid, by which its WorkloadEntry is found; null while none is set.</param>
    public static SidecarOptions ForAgent(MeshConfig config, string hostname, Guid? uuid, IReadOnlyList<int> managementPorts)
    {
        var own = new Dictionary<string, string> { [EntryLabels.Revision] = config.Mesh.RevisionLabel() };
        if (uuid is not null)
            own[EntryLabels.Uuid] = uuid.Value.ToString();
        var labels = new Dictionary<string, string>();
        if (LabelValue(hostname) is { Length: > 0 } host)
            labels["hostname"] = host;
        return new() { AutoRegister = true, Labels = labels, OwnLabels = own, ExcludedPorts = managementPorts };
    }

    // Kubernetes refuses the whole WorkloadEntry for a label that breaks its rules.
    private static string LabelValue(string text)
    {
        var value = new StringBuilder();
        foreach (var c in text.Take(MaximumLabel))
            value.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-');
        return value.ToString().Trim('-', '_', '.');
    }
}
