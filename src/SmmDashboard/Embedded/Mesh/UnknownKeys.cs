using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Finds keys of the mesh description that are not read. They are mostly typos, so they are reported.</summary>
internal static class UnknownKeys
{
    private static readonly string[] Root =
        ["publicUrl", "minimumAgentVersion", "clusterRanges", "mesh", "meshExpansionGateways", "groups"];

    private static readonly string[] Mesh =
    [
        "meshId", "trustDomain", "clusterId", "network", "networks", "status", "istioVersion", "istioRevision",
        "istioRevisionLabel", "istioNamespace", "rootCertificate", "defaultConfig",
    ];

    private static readonly string[] Gateway = ["name", "addresses", "ports"];

    private static readonly string[] Group = ["workloadGroup", "tokenSha256s", "directEndpoints", "clusterSources", "packages"];

    private static readonly string[] WorkloadGroup =
    [
        "namespace", "name", "annotations", "metadataLabels", "templateLabels", "metadataAnnotations", "serviceAccount", "network", "ports",
        "probe",
    ];

    private static readonly string[] FlatGroup = [.. Group, .. WorkloadGroup];

    public static void Find(JsonElement root, List<string> warnings)
    {
        Check(root, "", Root, warnings);
        if (root.TryGetProperty("mesh", out var mesh))
            Check(mesh, "mesh.", Mesh, warnings);
        foreach (var (gateway, at) in Items(root, "meshExpansionGateways"))
            Check(gateway, at, Gateway, warnings);
        foreach (var (group, at) in Items(root, "groups"))
        {
            var nested = group.ValueKind == JsonValueKind.Object && group.TryGetProperty("workloadGroup", out var workloadGroup);
            Check(group, at, nested ? Group : FlatGroup, warnings);
            if (nested)
                Check(group.GetProperty("workloadGroup"), $"{at}workloadGroup.", WorkloadGroup, warnings);
        }
    }

    private static IEnumerable<(JsonElement Item, string At)> Items(JsonElement root, string name) =>
        root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select((item, i) => (item, $"{name}[{i}]."))
            : [];

    private static void Check(JsonElement element, string at, string[] known, List<string> warnings)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            warnings.AddRange(element.EnumerateObject()
                .Where(member => !known.Contains(member.Name))
                .Select(member => $"{at}{NameRules.Shown(member.Name)}: is an unknown key and has no effect"));
        }
    }
}
