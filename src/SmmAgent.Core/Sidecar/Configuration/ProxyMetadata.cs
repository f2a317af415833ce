using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>
/// The metadata about the workload that Istio gives to a sidecar. It takes precedence over the mesh and the WorkloadGroup.
/// </summary>
internal static class ProxyMetadata
{
    private const string CanonicalName = "service.istio.io/canonical-name";
    private const string CanonicalRevision = "service.istio.io/canonical-revision";

    private static readonly string[] ServiceLabels = [CanonicalName, "app.kubernetes.io/name", "app"];
    private static readonly string[] RevisionLabels = [CanonicalRevision, "app.kubernetes.io/version", "version"];

    // Only characters that JSON requires are escaped, because the text is for Istio, not for a web page.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Add(ProxyConfig proxy, MeshConfig config, SidecarOptions options)
    {
        var (mesh, group, metadata) = (config.Mesh, config.WorkloadGroup, proxy.Metadata);
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in options.Labels.Concat(group.MetadataLabels).Concat(group.TemplateLabels).Concat(options.OwnLabels))
            labels[name] = value;

        metadata["CANONICAL_SERVICE"] = labels[CanonicalName] = First(labels, ServiceLabels) ?? group.Name;
        metadata["CANONICAL_REVISION"] = labels[CanonicalRevision] = First(labels, RevisionLabels) ?? "latest";
        metadata["POD_NAMESPACE"] = group.Namespace;
        metadata["SERVICE_ACCOUNT"] = group.ServiceAccount;
        metadata["TRUST_DOMAIN"] = mesh.TrustDomain;
        metadata["ISTIO_META_CLUSTER_ID"] = mesh.ClusterId;
        metadata["ISTIO_META_MESH_ID"] = mesh.MeshId.Length > 0 ? mesh.MeshId : proxy.Text("meshId");
        metadata["ISTIO_META_NETWORK"] = group.Network;
        metadata["ISTIO_META_WORKLOAD_NAME"] = group.Name;
        metadata["ISTIO_METAJSON_LABELS"] = Labels(labels);
        metadata["ISTIO_META_DNS_CAPTURE"] = "true";
        if (group.Ports.Count > 0)
            metadata["ISTIO_META_POD_PORTS"] = PodPorts(group.Ports);
        if (options.AutoRegister)
            metadata["ISTIO_META_AUTO_REGISTER_GROUP"] = group.Name;
    }

    private static string? First(SortedDictionary<string, string> labels, string[] names) =>
        names.Select(labels.GetValueOrDefault).FirstOrDefault(value => value is not null);

    private static string Labels(SortedDictionary<string, string> labels) => Json(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in labels)
            writer.WriteString(name, value);
        writer.WriteEndObject();
    });

    private static string PodPorts(IReadOnlyDictionary<string, int> ports) => Json(writer =>
    {
        writer.WriteStartArray();
        foreach (var (name, port) in ports.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteNumber("containerPort", port);
            writer.WriteString("protocol", "");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Plain))
            write(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
