using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar;

internal static class SidecarSamples
{
    public static readonly SidecarHost Host = new(
        IPAddress.Parse("3.67.91.181"), AddressIsExternal: true, [IPAddress.Parse("13.48.73.61")]);

    public static MeshConfig Config { get; } = MeshConfigs.Of("vm-network-1", "13.48.73.61");

    public static readonly Guid Uuid = Guid.Parse("0327b100-1111-4222-8333-444455556666");

    public static MeshConfig WithMetadata(params (string Name, string Value)[] metadata) => WithDefaultConfig(new JsonObject
    {
        ["discoveryAddress"] = "istiod-cp-v115x.istio-system.svc:15012",
        ["proxyMetadata"] = new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value))),
    });

    public static MeshConfig WithDefaultConfig(JsonObject defaultConfig) =>
        Config with { Mesh = Config.Mesh with { DefaultConfig = JsonDocument.Parse(defaultConfig.ToJsonString()).RootElement } };

    public static MeshConfig WithGroup(Func<WorkloadGroup, WorkloadGroup> change) =>
        Config with { WorkloadGroup = change(Config.WorkloadGroup) };

    public static MeshConfig WithAnnotation(string text) =>
        WithGroup(group => group with { MetadataAnnotations = new Dictionary<string, string> { ["proxy.istio.io/config"] = text } });

    public static SidecarConfiguration Render(MeshConfig config, SidecarHost? host = null, SidecarOptions? options = null)
    {
        var result = SidecarFiles.Render(config, host ?? Host, options ?? SidecarOptions.ForAgent(config, "vm-1", Uuid, [16400, 16401]));
        return result.Value ?? throw new InvalidOperationException(string.Join('\n', result.Errors));
    }

    public static Package Package(string version) => new()
    {
        Name = "istio-sidecar", Version = version, Format = PackageFormat.Deb, Architecture = "amd64", Path = "/packages/x.deb",
        Sha256 = new('a', 64),
    };

    public static string File(this SidecarConfiguration configuration, string path) =>
        configuration.Files.Single(file => file.Path == path).Content;

    public static Gen<string> Any(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    public static string Golden(string name) => System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sidecar/Golden", name));
}
