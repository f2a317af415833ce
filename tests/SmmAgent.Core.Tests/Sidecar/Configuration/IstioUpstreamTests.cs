using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

/// <summary>
/// For the WorkloadGroups of a real cluster the agent writes what Istio's own command wrote, and the additions that docs/sidecar.md lists.
/// </summary>
public sealed class IstioUpstreamTests
{
    private const string Labels = "ISTIO_METAJSON_LABELS";

    private static readonly IPAddress Gateway = IPAddress.Parse("198.51.100.10");

    [Theory]
    [InlineData("vms-plain.analytics-v0", "192.0.2.10", false)]
    [InlineData("vms-revision.orders", "192.0.2.11", false)]
    [InlineData("vms-tag.legacy", "192.0.2.13", true)]
    public void FilesAreIstiosOwnButForTheDocumentedAdditions(string name, string address, bool isExternal)
    {
        var config = Config(name);
        var rendered = SidecarSamples.Render(config, new(IPAddress.Parse(address), isExternal, [Gateway]));

        var (expected, found) = (Variables(SidecarSamples.Golden($"IstioUpstream/{name}/cluster.env")),
            Variables(rendered.File(SidecarFiles.ClusterEnvironment)));
        Assert.Equal(expected["ISTIO_LOCAL_EXCLUDE_PORTS"] + ",16400,16401", found["ISTIO_LOCAL_EXCLUDE_PORTS"]);
        Assert.Equal(address, found["ISTIO_SVC_IP"]);
        AssertLabels(config, expected[Labels], found[Labels]);
        Assert.Equal(expected["ISTIO_INBOUND_PORTS"].Split(',').Order(), found["ISTIO_INBOUND_PORTS"].Split(',').Order());
        foreach (var variables in new[] { expected, found })
            Array.ForEach(["ISTIO_LOCAL_EXCLUDE_PORTS", "ISTIO_SVC_IP", Labels, "ISTIO_INBOUND_PORTS"], key => variables.Remove(key));
        Assert.Equal(expected, found);

        Assert.Equal(SidecarSamples.Golden($"IstioUpstream/{name}/hosts").TrimEnd('\n'), Assert.Single(rendered.Hosts));

        var (theirs, ours) = (Mesh(SidecarSamples.Golden($"IstioUpstream/{name}/mesh.yaml")), Mesh(rendered.File(SidecarFiles.MeshFile)));
        AssertLabels(config, Take(theirs), Take(ours));
        Assert.True(JsonNode.DeepEquals(theirs, ours), $"{theirs}\n{ours}");

        static string Take(JsonObject mesh)
        {
            var metadata = mesh["defaultConfig"]!["proxyMetadata"]!.AsObject();
            var labels = metadata[Labels]!.GetValue<string>();
            metadata.Remove(Labels);
            return labels;
        }
    }

    [Fact]
    public void GroupWithoutMetadataOrAccountOfItsOwnForWhichIstiosCommandPanicsIsRenderedToo()
    {
        var config = Config("vms-plain.bare");
        var rendered = SidecarSamples.Render(config, new(IPAddress.Parse("192.0.2.12"), AddressIsExternal: false, [Gateway]));
        var variables = Variables(rendered.File(SidecarFiles.ClusterEnvironment));

        Assert.Equal(
            ("bare", "latest", "*", "default", "network1"),
            (variables["CANONICAL_SERVICE"], variables["CANONICAL_REVISION"], variables["ISTIO_INBOUND_PORTS"],
                variables["SERVICE_ACCOUNT"], variables["ISTIO_META_NETWORK"]));
        Assert.DoesNotContain("ISTIO_META_POD_PORTS", variables.Keys);
        Assert.Equal("istiod.istio-system.svc:15012",
            Mesh(rendered.File(SidecarFiles.MeshFile))["defaultConfig"]!["discoveryAddress"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("", "istio-system", null)]
    [InlineData("", "mesh", "istiod.mesh.svc:15012")]
    [InlineData("1-32", "istio-system", "istiod-1-32.istio-system.svc:15012")]
    public void MeshWithoutADefaultConfigIsRenderedWithTheAddressOfItsControlPlane(string revision, string space, string? address)
    {
        var config = SidecarSamples.WithDefaultConfig([]);
        config = config with { Mesh = config.Mesh with { IstioRevision = revision, IstioNamespace = space } };

        var rendered = SidecarSamples.Render(config);

        // pilot-agent's own default is istiod.istio-system.svc:15012.
        Assert.Equal(address, Mesh(rendered.File(SidecarFiles.MeshFile))["defaultConfig"]!["discoveryAddress"]?.GetValue<string>());
        Assert.Equal($"13.48.73.61 {config.Mesh.IstiodHost()}", Assert.Single(rendered.Hosts));
    }

    private static void AssertLabels(MeshConfig config, string theirs, string ours)
    {
        var (expected, found) = (JsonNode.Parse(theirs)!.AsObject(), JsonNode.Parse(ours)!.AsObject());
        expected["hostname"] = "vm-1";
        expected["istio.io/rev"] = config.Mesh.RevisionLabel();
        expected["smm-agent.io/uuid"] = SidecarSamples.Uuid.ToString();
        Assert.True(JsonNode.DeepEquals(expected, found), $"{expected}\n{found}");
    }

    private static MeshConfig Config(string name) => name switch
    {
        "vms-plain.analytics-v0" => Plain(new()
        {
            Namespace = "vms-plain", Name = "analytics-v0", ServiceAccount = "default", Network = "vm-network-1",
            MetadataLabels = new Dictionary<string, string> { ["app"] = "analytics", ["version"] = "v0" },
            Ports = new Dictionary<string, int> { ["grpc"] = 8082, ["http"] = 8080 },
        }),
        "vms-plain.bare" => Plain(
            new()
            {
                Namespace = "vms-plain", Name = "bare", ServiceAccount = "default", Network = "network1",
                Ports = new Dictionary<string, int>()
            }),
        "vms-revision.orders" => Revision(new()
        {
            Namespace = "vms-revision", Name = "orders", ServiceAccount = "orders", Network = "vm-network-2",
            Annotations = new Dictionary<string,
                string>
            { ["proxy.istio.io/config"] = """{"concurrency":2,"proxyMetadata":{"OUTER":"group"}}""", ["team"] = "payments" },
            MetadataAnnotations = new Dictionary<string,
                string>
            { ["proxy.istio.io/config"] = """{"proxyMetadata":{"OUTER":"inner","QUOTED":"it's \"so\" $HOME"}}""" },
            MetadataLabels = new Dictionary<string, string> { ["app.kubernetes.io/name"] = "orders", ["app.kubernetes.io/version"] = "2" },
            TemplateLabels = new Dictionary<string, string> { ["tier"] = "back" },
            Ports = new Dictionary<string, int> { ["http-api"] = 9090 },
            Probe = Json("""
                {"httpGet":{"httpHeaders":[{"name":"X-Probe","value":"1"}],"path":"/healthz","port":9090,"scheme":"HTTP"},"initialDelaySeconds":5,"periodSeconds":3,"timeoutSeconds":2}
                """),
        }),
        _ => Revision(new()
        {
            Namespace = "vms-tag", Name = "legacy", ServiceAccount = "default", Network = "vm-network-1",
            MetadataLabels = new Dictionary<string, string> { ["app"] = "legacy" },
            Ports = new Dictionary<string, int> { ["tcp-db"] = 5432 },
            Probe = Json("""{"tcpSocket":{"port":5432}}"""),
        }),
    };

    private static MeshConfig Plain(WorkloadGroup group) =>
        Mesh(group, "", "cluster.local", """{"discoveryAddress":"istiod.istio-system.svc:15012","meshId":"mesh1"}""");

    private static MeshConfig Revision(WorkloadGroup group) => Mesh(group, "1-32", "td.example", """
        {
          "discoveryAddress": "istiod-1-32.istio-system.svc:15012", "holdApplicationUntilProxyStarts": true, "meshId": "mesh1",
          "proxyMetadata": { "ISTIO_META_DNS_CAPTURE": "true" }
        }
        """);

    private static MeshConfig Mesh(WorkloadGroup group, string revision, string trustDomain, string defaultConfig) =>
        SidecarSamples.Config with
        {
            Mesh = SidecarSamples.Config.Mesh with
            {
                MeshId = "mesh1",
                TrustDomain = trustDomain,
                ClusterId = "demo-cluster",
                Network = "network1",
                IstioVersion = "1.32.0",
                IstioRevision = revision,
                DefaultConfig = Json(defaultConfig),
            },
            WorkloadGroup = group,
        };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static JsonObject Mesh(string yaml) => ProxyConfigAnnotation.Parse(yaml).Value!;

    private static SortedDictionary<string, string> Variables(string text) => new(
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1].Trim('\'').Replace("'\"'\"'", "'", StringComparison.Ordinal)),
        StringComparer.Ordinal);
}
