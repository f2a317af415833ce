using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests;

/// <summary>Clusters with the objects of real control planes.</summary>
internal static class Cluster
{
    public const string Operated = "cp-v117x.istio-system";

    public static readonly MeshOptions Options = new();

    /// <summary>Plain Istio: revision default, revision 1-32 with the tag prod-stable, four groups.</summary>
    public static ClusterObjects Upstream { get; } = Read(Folder("Oracles/upstream/cluster"));

    /// <summary>A control plane of the SMM operator, and a group for it.</summary>
    public static ClusterObjects Smm { get; } = OfOperator();

    public static ComposedMesh Compose(this ClusterObjects objects, ComposedMesh? before = null, MeshOptions? options = null) =>
        MeshComposer.Compose(objects, options ?? Options, before ?? ComposedMesh.Empty);

    public static ComposedGroup Group(this ComposedMesh mesh, string @namespace, string name) => mesh.Groups[new(@namespace, name)];

    /// <summary>The list with this object changed.</summary>
    public static IReadOnlyList<T> Changed<T>(this IReadOnlyList<T> objects, string name, Func<T, T> change, string? @namespace = null)
        where T : KubernetesObject
    {
        bool IsIt(T candidate) => candidate.Metadata.Name == name && (@namespace is null || candidate.Metadata.Namespace == @namespace);
        Assert.Contains(objects, IsIt);
        return [.. objects.Select(candidate => IsIt(candidate) ? change(candidate) : candidate)];
    }

    public static IReadOnlyList<T> Without<T>(this IReadOnlyList<T> objects, string name)
        where T : KubernetesObject
    {
        Assert.Contains(objects, candidate => candidate.Metadata.Name == name);
        return [.. objects.Where(candidate => candidate.Metadata.Name != name)];
    }

    public static ObjectMeta Labelled(this ObjectMeta metadata, string label, string? value) => metadata with
    {
        Labels = value is null
            ? metadata.Labels.Where(pair => pair.Key != label).ToDictionary()
            : new Dictionary<string, string>(metadata.Labels) { [label] = value },
    };

    public static ObjectMeta Annotated(this ObjectMeta metadata, string annotation, string value) =>
        metadata with { Annotations = new Dictionary<string, string>(metadata.Annotations) { [annotation] = value } };

    public static string File(string path) => System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, path));

    public static T Read<T>(string yaml, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(MeshDescriptionYaml.ToJson(yaml).Json ?? throw new InvalidOperationException(yaml), type)!;

    private static ClusterObjects OfOperator()
    {
        var objects = Read([.. Folder("Oracles/operator")]);
        var rootCertificate = Upstream.ConfigMaps.First(map => map.Metadata.Name == "istio-ca-root-cert").Data;
        return objects with
        {
            Namespaces =
            [
                .. objects.Namespaces,
                new() { Metadata = new ObjectMeta { Name = "vm-integration" }.Labelled("istio.io/rev", Operated) },
            ],
            ConfigMaps =
            [
                .. objects.ConfigMaps,
                new() { Metadata = new() { Name = "istio-ca-root-cert-cp-v117x", Namespace = "vm-integration" }, Data = rootCertificate },
            ],
            WorkloadGroups =
            [
                new()
                {
                    Metadata = new() { Name = "analytics-v0", Namespace = "vm-integration" },
                    Spec = new()
                    {
                        Metadata = new() { Labels = new Dictionary<string, string> { ["app"] = "analytics", ["version"] = "v0" } },
                        Template = new() { Network = "vm-network-1", ServiceAccount = "default",
                            Ports = new Dictionary<string, long> { ["http"] = 8080 } },
                    },
                },
            ],
        };
    }

    private static IEnumerable<string> Folder(string path) =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, path), "*.yaml").Order(StringComparer.Ordinal)
        .Select(System.IO.File.ReadAllText);

    private static ClusterObjects Read(IEnumerable<string> files)
    {
        var json = KubernetesJson.Default;
        var documents = files.SelectMany(file => file.Split("\n---\n")).Select(yaml => MeshDescriptionYaml.ToJson(yaml).Json!)
            .ToLookup(Kind);
        return new()
        {
            Namespaces = Of(json.Namespace),
            ConfigMaps = Of(json.ConfigMap),
            Services = Of(json.Service),
            EndpointSlices = Of(json.EndpointSlice),
            Deployments = Of(json.Deployment),
            MutatingWebhooks = Of(json.WebhookConfiguration, "MutatingWebhookConfiguration"),
            ValidatingWebhooks = Of(json.WebhookConfiguration, "ValidatingWebhookConfiguration"),
            WorkloadGroups = Of(json.WorkloadGroupObject, "WorkloadGroup"),
            IstioControlPlanes = Of(json.IstioControlPlane),
        };

        List<T> Of<T>(JsonTypeInfo<T> type, string? kind = null) =>
            [.. documents[kind ?? typeof(T).Name].Select(document => JsonSerializer.Deserialize(document, type)!)];
    }

    private static string Kind(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("kind").GetString()!;
    }
}
