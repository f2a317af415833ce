using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class SidecarFilesTests
{
    [Fact]
    public void FilesWithoutAdditionsAreThoseOfIstiosOwnCommand()
    {
        var host = new SidecarHost(IPAddress.Parse("10.10.10.10"), AddressIsExternal: false, [IPAddress.Parse("10.10.10.11")]);
        var rendered = SidecarSamples.Render(IstiosInput(), host, SidecarOptions.AsIstioctl);

        Assert.Equal(SidecarSamples.Golden("Istio/cluster.env.golden"), rendered.File(SidecarFiles.ClusterEnvironment));
        Assert.Equal(SidecarSamples.Golden("Istio/mesh.yaml.golden"), rendered.File(SidecarFiles.MeshFile));
        Assert.Equal(SidecarSamples.Golden("Istio/hosts.golden"), string.Concat(rendered.Hosts.Select(line => line + "\n")));
    }

    [Fact]
    public void AgentAddsItsLabelsItsPortsAndAutomaticRegistration()
    {
        var config = SidecarSamples.WithDefaultConfig(JsonNode.Parse("""
            {
              "discoveryAddress": "istiod-cp-v115x.istio-system.svc:15012",
              "proxyMetadata": { "ISTIO_META_DNS_AUTO_ALLOCATE": "true", "CLUSTER_ONLY": "mesh", "GROUP_ONLY": "mesh", "BOTH": "mesh" },
              "concurrency": 2,
              "holdApplicationUntilProxyStarts": false,
              "proxyStatsMatcher": { "inclusionRegexps": [".*outlier.*", "10"] },
              "tracing": { "zipkin": { "address": "zipkin:9411" }, "sampling": 12.5 }
            }
            """)!.AsObject());
        var group = config.WorkloadGroup with
        {
            Annotations = new Dictionary<string,
                string>
            { ["proxy.istio.io/config"] = "proxyMetadata:\n  GROUP_ONLY: group\n  BOTH: group\n" },
            MetadataAnnotations = new Dictionary<string,
                string>
            { ["proxy.istio.io/config"] = """{"proxyMetadata":{"BOTH":"metadata"},"tracing":{"sampling":1}}""" },
            MetadataLabels = new Dictionary<string, string> { ["app"] = "analytics", ["version"] = "v0", ["tier"] = "metadata" },
            TemplateLabels = new Dictionary<string, string> { ["tier"] = "template" },
            Ports = new Dictionary<string, int> { ["http"] = 8080, ["grpc"] = 8082 },
            Probe = JsonDocument.Parse("""{"httpGet":{"path":"/","host":"127.0.0.1","port":8080,"scheme":"HTTP"}}""").RootElement,
        };
        var rendered = SidecarSamples.Render(config with { WorkloadGroup = group });

        Assert.Equal(SidecarSamples.Golden("Agent/cluster.env"), rendered.File(SidecarFiles.ClusterEnvironment));
        Assert.Equal(SidecarSamples.Golden("Agent/mesh.yaml"), rendered.File(SidecarFiles.MeshFile));
    }

    [Fact]
    public void FilesThatRootSourcesAreNotWritableByTheSidecar()
    {
        var environment = SidecarSamples.Render(SidecarSamples.Config).Files.Single(file => file.Path == SidecarFiles.ClusterEnvironment);
        Assert.Equal(("root", "644"), (environment.Owner, Convert.ToString((int)environment.Mode, 8)));
    }

    [Fact]
    public void EveryAddressOfTheControlPlaneGetsALineOnceAndAlwaysInTheSameOrder()
    {
        IPAddress[] addresses =
            [.. new[] { "2001:db8::2", "13.48.73.61", "::ffff:9.9.9.9", "13.48.73.61", "9.9.9.9" }.Select(IPAddress.Parse)];
        Assert.Equal(
            ["9.9.9.9 istiod-cp-v115x.istio-system.svc", "13.48.73.61 istiod-cp-v115x.istio-system.svc",
                "2001:db8::2 istiod-cp-v115x.istio-system.svc"],
            Hosts(addresses));
        Assert.Equal(Hosts(addresses), Hosts([.. addresses.Reverse()]));

        static IReadOnlyList<string> Hosts(IPAddress[] addresses) =>
            SidecarSamples.Render(SidecarSamples.Config, SidecarSamples.Host with { ControlPlane = addresses }).Hosts;
    }

    [Fact]
    public void OtherNameOfTheControlPlaneIsAlsoInTheHostsFile()
    {
        var config = SidecarSamples.WithAnnotation("discoveryAddress: istiod-cp-v115x.istio-system.svc.cluster.local:15012");
        Assert.Equal(
            ["13.48.73.61 istiod-cp-v115x.istio-system.svc istiod-cp-v115x.istio-system.svc.cluster.local"],
            SidecarSamples.Render(config).Hosts);
        Assert.Equal(
            ["13.48.73.61 istiod-cp-v115x.istio-system.svc"],
            SidecarSamples.Render(SidecarSamples.WithAnnotation("discoveryAddress: istiod.example.com:443")).Hosts);
    }

    [Theory]
    [InlineData("", "istio-system", null)]
    [InlineData("default", "istio-system", null)]
    [InlineData("", "other", "istiod.other.svc:15012")]
    [InlineData("rev-1", "istio-system", "istiod-rev-1.istio-system.svc:15012")]
    public void CertificateAuthorityIsNamedWhereIstiosStartScriptWouldNotFindIt(string revision, string istioNamespace, string? address)
    {
        var config = SidecarSamples.Config
            with
        { Mesh = SidecarSamples.Config.Mesh with { IstioRevision = revision, IstioNamespace = istioNamespace } };
        var environment = SidecarSamples.Render(config).File(SidecarFiles.ClusterEnvironment);
        if (address is null)
            Assert.DoesNotContain("CA_ADDR", environment, StringComparison.Ordinal);
        else
            Assert.Contains($"CA_ADDR='{address}'\n", environment, StringComparison.Ordinal);
    }

    [Fact]
    public void StatusPortOfTheMeshIsNotCaptured() => Assert.Contains(
        "ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15099,16400,16401'\n",
        SidecarSamples.Render(SidecarSamples.WithAnnotation("statusPort: 15099")).File(SidecarFiles.ClusterEnvironment),
        StringComparison.Ordinal);

    [Fact]
    public void LabelOfTheWorkloadGroupIsNotReplacedByOurs() => Assert.Contains(
        "\"hostname\":\"mine\"",
        SidecarSamples.Render(
            SidecarSamples.WithGroup(group => group with { MetadataLabels = new Dictionary<string, string> { ["hostname"] = "mine" } }))
            .File(SidecarFiles.ClusterEnvironment),
        StringComparison.Ordinal);

    [Fact]
    public void LabelsByWhichTheEntryIsSeenAndFoundGoBeforeTheWorkloadGroups()
    {
        var config = SidecarSamples.WithGroup(group => group with
        {
            MetadataLabels = new Dictionary<string, string> { ["istio.io/rev"] = "theirs" },
            TemplateLabels = new Dictionary<string, string> { ["smm-agent.io/uuid"] = "theirs" },
        });
        config = config with { Mesh = config.Mesh with { IstioRevisionLabel = "cp-v115x.istio-system" } };

        var environment = SidecarSamples.Render(config).File(SidecarFiles.ClusterEnvironment);

        Assert.Contains("\"istio.io/rev\":\"cp-v115x.istio-system\"", environment, StringComparison.Ordinal);
        Assert.Contains($"\"smm-agent.io/uuid\":\"{SidecarSamples.Uuid}\"", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("theirs", environment, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingUuidHasNoLabel() =>
        Assert.DoesNotContain("smm-agent.io/uuid", SidecarOptions.ForAgent(SidecarSamples.Config, "vm-1", null, []).OwnLabels.Keys);

    [Theory]
    [InlineData("vm_1.example.com", "vm_1.example.com")]
    [InlineData("-vm 1-", "vm-1")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789",
        "012345678901234567890123456789012345678901234567890123456789012")]
    [InlineData("---", null)]
    public void HostNameBecomesALabelThatKubernetesAccepts(string hostname, string? label) =>
        Assert.Equal(label, SidecarOptions.ForAgent(SidecarSamples.Config, hostname, null, []).Labels.GetValueOrDefault("hostname"));

    [Fact]
    public void SameNetworkIsReachedDirectlyAndAnotherThroughTheGatewaysThatServeIstiod()
    {
        var config = SidecarSamples.Config with
        {
            DirectEndpoints = [new("istiod", "10.244.1.5", 15012), new("pod", "10.244.1.6", 8080)],
            MeshExpansionGateways =
            [
                new() { Name = "a", Addresses = ["13.48.73.61", "gw.example.com"], Ports = [new("tls-istiod", 15012)] },
                new() { Name = "b", Addresses = ["13.48.73.99"], Ports = [new("tls", 15443)] },
            ],
        };
        Assert.Equal(["13.48.73.61", "gw.example.com"], Istiod.HostSources(config));
        Assert.Equal(["10.244.1.5"],
            Istiod.HostSources(config with { WorkloadGroup = config.WorkloadGroup with { Network = "network1" } }));
    }

    private static MeshConfig IstiosInput()
    {
        var mesh = ProxyConfigAnnotation.Parse(SidecarSamples.Golden("Istio/meshconfig.yaml")).Value!;
        var group = ProxyConfigAnnotation.Parse(SidecarSamples.Golden("Istio/workloadgroup.yaml")).Value!;
        var config = SidecarSamples.WithDefaultConfig(mesh["defaultConfig"]!.AsObject());
        return config with
        {
            Mesh = config.Mesh with { MeshId = "", TrustDomain = "", ClusterId = "Kubernetes", IstioRevision = "rev-1" },
            WorkloadGroup = new()
            {
                Namespace = group["metadata"]!["namespace"]!.GetValue<string>(),
                Name = group["metadata"]!["name"]!.GetValue<string>(),
                ServiceAccount = group["spec"]!["template"]!["serviceAccount"]!.GetValue<string>(),
                MetadataAnnotations = group["spec"]!["metadata"]!["annotations"]!.AsObject()
                    .ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>()),
                Network = "",
                Ports = new Dictionary<string, int>(),
                Probe = JsonDocument.Parse(group["spec"]!["probe"]!.ToJsonString()).RootElement,
            },
        };
    }
}
