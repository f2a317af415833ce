using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The ProxyConfig of a WorkloadGroup: the one of the mesh, overridden by the annotations of the WorkloadGroup.</summary>
internal sealed class ProxyConfig
{
    public const string Annotation = "proxy.istio.io/config";

    private const string DiscoveryAddress = "discoveryAddress";
    private const string ProxyMetadata = "proxyMetadata";
    private const string ReadinessProbe = "readinessProbe";

    private readonly List<InputError> _faults = [];

    private ProxyConfig(MeshConfig config)
    {
        foreach (var member in config.Mesh.DefaultConfig.EnumerateObject())
            Take(member.Name, ProxyConfigAnnotation.Node(member.Value), "mesh.defaultConfig");
        if (!Members.ContainsKey(DiscoveryAddress) && !Istiod.IsDefault(config.Mesh))
            Members[DiscoveryAddress] = Istiod.Address(config.Mesh);

        // The order matters: the more specific source takes precedence.
        var group = config.WorkloadGroup;
        Overlay(group.Annotations, "workloadGroup.annotations");
        Overlay(group.MetadataAnnotations, "workloadGroup.metadataAnnotations");

        Members.Remove(ReadinessProbe);
        if (group.Probe is { } probe)
            Members[ReadinessProbe] = ProxyConfigAnnotation.Node(probe);
    }

    /// <summary>Every member but proxyMetadata.</summary>
    public JsonObject Members { get; } = [];

    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public static (ProxyConfig Config, IReadOnlyList<InputError> Faults) Merge(MeshConfig config)
    {
        var merged = new ProxyConfig(config);
        return (merged, merged._faults);
    }

    /// <summary>A text member; empty when it is not set.</summary>
    public string Text(string name) => Members[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    public int? Number(string name) => Members[name] is JsonValue value && value.TryGetValue(out int number) ? number : null;

    /// <summary>The content of Istio's mesh file: the whole ProxyConfig, with the metadata as it is now.</summary>
    public JsonObject ToMeshFile()
    {
        var all = (JsonObject)Members.DeepClone();
        all[ProxyMetadata] = new JsonObject(Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return new() { ["defaultConfig"] = all };
    }

    private void Overlay(IReadOnlyDictionary<string, string> annotations, string path)
    {
        if (!annotations.TryGetValue(Annotation, out var text))
            return;

        path = $"{path}['{Annotation}']";
        var (overlay, fault) = ProxyConfigAnnotation.Parse(text);
        if (overlay is null)
        {
            _faults.Add(new(path, fault!));
            return;
        }

        foreach (var (name, value) in overlay)
            Take(name, value, path);
    }

    private void Take(string name, JsonNode? value, string path)
    {
        if (value is null)
            return; // Istio treats null as a missing member
        if (name == ProxyMetadata)
            TakeMetadata(value, $"{path}.{name}");
        else if (name == DiscoveryAddress && DiscoveryFault(value) is { } reason)
            _faults.Add(new($"{path}.{name}", reason));
        else
            Members[name] = value.DeepClone();
    }

    private void TakeMetadata(JsonNode metadata, string path)
    {
        if (metadata is not JsonObject pairs)
        {
            _faults.Add(new(path, "is not an object of names and strings"));
            return;
        }

        foreach (var (key, value) in pairs)
        {
            if (EnvironmentNames.Rule(key) is { } reason)
                _faults.Add(new(path, reason));
            else if (value?.GetValueKind() != JsonValueKind.String)
                _faults.Add(new($"{path}.{key}", "is not a string: put the value in quotes"));
            else if (CaptureVariables.Rule(key, value.GetValue<string>()) is { } fault)
                _faults.Add(new($"{path}.{key}", fault));
            else
                Metadata[key] = value.GetValue<string>();
        }
    }

    private static string? DiscoveryFault(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String
            ? NameRules.HostAndPort(value.GetValue<string>())
            : "is not a string of the form HOST:PORT";
}
