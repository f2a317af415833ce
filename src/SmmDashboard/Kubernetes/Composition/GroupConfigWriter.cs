using System.Buffers;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Writes the mesh configuration of a WorkloadGroup: the document of the contract, which no rule has checked yet.</summary>
internal static class GroupConfigWriter
{
    public static ReadOnlyMemory<byte> Write(
        WorkloadGroupObject group, string account, ControlPlane plane, string rootCertificate, MeshOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("apiVersion", MeshConfig.CurrentApiVersion);
            WriteMesh(writer, plane, rootCertificate);
            WriteGroup(writer, group, account, plane);
            WriteGateways(writer, plane);
            if (plane.IsOfNetwork(group.Spec.Template.Network))
                WriteDirectEndpoints(writer, plane);
            WriteList(writer, "clusterSources", options.ClusterSources);
            writer.WritePropertyName("packages");
            JsonSerializer.Serialize(writer, options.Packages, ContractJson.Default.IReadOnlyListPackage);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteMesh(Utf8JsonWriter writer, ControlPlane plane, string rootCertificate)
    {
        writer.WriteStartObject("mesh");
        writer.WriteString("meshId", plane.MeshId);
        writer.WriteString("trustDomain", plane.TrustDomain);
        writer.WriteString("clusterId", plane.ClusterId);
        writer.WriteString("network", plane.Network);
        WriteList(writer, "networks", plane.Networks);
        if (plane.Status is { } status)
            writer.WriteString("status", status);
        writer.WriteString("istioVersion", plane.Version);
        writer.WriteString("istioRevision", plane.Revision);
        writer.WriteString("istioRevisionLabel", plane.RevisionLabel);
        writer.WriteString("istioNamespace", plane.Namespace);
        writer.WriteString("rootCertificate", rootCertificate);
        writer.WritePropertyName("defaultConfig");
        writer.WriteSorted(plane.DefaultConfig);
        writer.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter writer, WorkloadGroupObject group, string account, ControlPlane plane)
    {
        var (metadata, template) = (group.Spec.Metadata, group.Spec.Template);
        writer.WriteStartObject("workloadGroup");
        writer.WriteString("namespace", group.Metadata.Namespace);
        writer.WriteString("name", group.Metadata.Name);
        // Other annotations mean nothing to a VM, and change often.
        WriteMap(writer, "annotations", group.Metadata.Annotations.Where(pair => pair.Key == IstioNames.ProxyConfig));
        WriteMap(writer, "metadataLabels", EntryLabels(metadata.Labels, template.Labels, plane));
        WriteMap(writer, "templateLabels", template.Labels);
        WriteMap(writer, "metadataAnnotations", metadata.Annotations);
        writer.WriteString("serviceAccount", account);
        writer.WriteString("network", template.Network);
        writer.WriteStartObject("ports");
        foreach (var (name, port) in template.Ports.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteNumber(name, port);
        writer.WriteEndObject();
        if (group.Spec.Probe is { ValueKind: not JsonValueKind.Null } probe)
        {
            writer.WritePropertyName("probe");
            writer.WriteSorted(probe);
        }

        writer.WriteEndObject();
    }

    // An agent that does not know istioRevisionLabel labels its WorkloadEntry with istioRevision. Where istiod would not see that, the
    // group has the right label.
    private static IEnumerable<KeyValuePair<string, string>> EntryLabels(
        IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> ofTemplate, ControlPlane plane) =>
        plane.RevisionLabel == plane.Revision || labels.ContainsKey(IstioNames.Revision) || ofTemplate.ContainsKey(IstioNames.Revision)
            ? labels
            : labels.Append(new(IstioNames.Revision, plane.RevisionLabel));

    private static void WriteGateways(Utf8JsonWriter writer, ControlPlane plane)
    {
        writer.WriteStartArray("meshExpansionGateways");
        foreach (var (_, gateway) in plane.Gateways)
        {
            writer.WriteStartObject();
            writer.WriteString("name", gateway.Name);
            WriteList(writer, "addresses", gateway.Addresses);
            writer.WriteStartArray("ports");
            foreach (var port in gateway.Ports)
            {
                writer.WriteStartObject();
                writer.WriteString("name", port.Name);
                writer.WriteNumber("port", port.Port);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDirectEndpoints(Utf8JsonWriter writer, ControlPlane plane)
    {
        writer.WriteStartArray("directEndpoints");
        foreach (var endpoint in plane.Istiod.Endpoints)
        {
            writer.WriteStartObject();
            writer.WriteString("name", endpoint.Name);
            writer.WriteString("address", endpoint.Address);
            writer.WriteNumber("port", endpoint.Port);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
