using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar;

/// <summary>What the sidecar's configuration has beyond what Istio's own command writes by default.</summary>
public sealed record SidecarOptions
{
    private const int MaximumLabel = 63;

    /// <summary>As <c>istioctl x workload entry configure</c> writes it.</summary>
    public static SidecarOptions AsIstioctl { get; } = new();

    /// <summary>Whether the sidecar makes its WorkloadEntry itself.</summary>
    public bool AutoRegister { get; init; }

    /// <summary>Labels that the WorkloadEntry gets unless the WorkloadGroup has them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Ports that the sidecar must not capture, beside Istio's own.</summary>
    public IReadOnlyList<int> ExcludedPorts { get; init; } = [];

    /// <summary>As the agent writes it: the VM registers itself, can be told from others, and the agent's own ports stay reachable.</summary>
    public static SidecarOptions OfAgent(MeshConfig config, string hostname, IReadOnlyList<int> managementPorts)
    {
        var labels = new Dictionary<string, string> { ["istio.io/rev"] = Istiod.IsRevisioned(config.Mesh) ? config.Mesh.IstioRevision : "default" };
        if (LabelValue(hostname) is { Length: > 0 } host)
            labels["hostname"] = host;
        return new() { AutoRegister = true, Labels = labels, ExcludedPorts = managementPorts };
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
