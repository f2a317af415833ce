using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>A control plane of plain Istio, member by member.</summary>
public sealed class UpstreamTests
{
    [Fact]
    public void EveryMemberComesFromTheIstioObjects()
    {
        var config = Cluster.Upstream.Compose().Group("vms-revision", "orders").Served!.Config;
        var mesh = config.Mesh;
        Assert.Equal(
            ("mesh1", "td.example", "demo-cluster", "network1", "Available", "1.32.0", "1-32", "istio-system"),
            (mesh.MeshId, mesh.TrustDomain, mesh.ClusterId, mesh.Network, mesh.Status, mesh.IstioVersion, mesh.IstioRevision,
                mesh.IstioNamespace));
        Assert.Equal("1-32", mesh.IstioRevisionLabel);
        Assert.Equal(["network1"], mesh.Networks);
        Assert.Equal(["concurrency"],
            Json(config.WorkloadGroup.Annotations["proxy.istio.io/config"]).EnumerateObject().Select(member => member.Name).Take(1));
        Assert.False(config.WorkloadGroup.Annotations.ContainsKey("team"));
        Assert.Equal(5, config.WorkloadGroup.Probe!.Value.GetProperty("initialDelaySeconds").GetInt32());
        Assert.Empty(config.DirectEndpoints);
        Assert.DoesNotContain("istio.io/rev", config.WorkloadGroup.MetadataLabels);
        var gateway = Assert.Single(config.MeshExpansionGateways);
        Assert.Equal("istio-eastwestgateway", gateway.Name);
        Assert.Equal(["198.51.100.10", "198.51.100.11"], gateway.Addresses);
        Assert.Equal([new GatewayPort("tls-istiod", 15012), new("tls-webhook", 15017), new("status-port", 15021), new("tls", 15443)],
            gateway.Ports);
    }

    [Fact]
    public void GroupOfTheControlPlaneNetworkGetsTheIstiodEndpoints() => Assert.Equal(
        [new DirectEndpoint("istiod", "10.244.1.5", 15012)],
        Cluster.Upstream.Compose().Group("vms-plain", "bare").Served!.Config.DirectEndpoints);

    [Fact]
    public void UnreadyEndpointIsOmitted()
    {
        var objects = Cluster.Upstream with
        {
            EndpointSlices = Cluster.Upstream.EndpointSlices.Changed("istiod-x7k2p", slice => slice with
            {
                Endpoints = [new() { Addresses = ["10.244.1.5"], Conditions = new() { Ready = false } },
                    new() { Addresses = ["10.244.1.6"] }],
            }),
        };
        Assert.Equal("10.244.1.6", Assert.Single(objects.Compose().Group("vms-plain", "bare").Served!.Config.DirectEndpoints).Address);
    }

    [Fact]
    public void DefaultConfigIsCompletedAndBothSpellingsAreKnown()
    {
        var mesh = WithMesh("trust_domain: td.other\ndefaultConfig:\n  mesh_id: mesh9\n  concurrency: 2\n");
        var config = mesh.Compose().Group("vms-plain", "bare").Served!.Config;
        Assert.Equal(("td.other", "mesh9"), (config.Mesh.TrustDomain, config.Mesh.MeshId));
        Assert.Equal(
            """{"concurrency":2,"discoveryAddress":"istiod.istio-system.svc:15012","meshId":"mesh9","proxyMetadata":{}}""",
            config.Mesh.DefaultConfig.GetRawText());

        config = WithMesh("").Compose().Group("vms-plain", "bare").Served!.Config;
        Assert.Equal(("cluster.local", "mesh1"), (config.Mesh.TrustDomain, config.Mesh.MeshId)); // the id is the injector's
    }

    [Theory]
    [InlineData("""{"global":{"multiCluster":{"clusterName":"named"}}}""", "other", "named")]
    [InlineData("""{"global":{"multiCluster":{"clusterName":""}}}""", null, "Kubernetes")]
    [InlineData("""{}""", "other", "other")]
    [InlineData(null, "other", "other")]
    [InlineData(null, null, "Kubernetes")]
    public void ClusterNameComesFromInjectorThenIstiodThenDefault(string? values, string? variable, string expected)
    {
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio-sidecar-injector", map => map with { Data = new() { Values = values } }),
            Deployments = Cluster.Upstream.Deployments.Changed(
                "istiod", WithEnvironment(variable is null ? [] : [("CLUSTER_ID", variable)])),
        };
        Assert.Equal(expected, objects.Compose().Group("vms-plain", "bare").Served!.Config.Mesh.ClusterId);
    }

    [Theory]
    [InlineData("labelled", "networks: {registered: {endpoints: [{fromRegistry: demo-cluster}]}}", "labelled")]
    [InlineData(null, "networks: {other: {endpoints: [{fromRegistry: x}]}, registered: {endpoints: [{fromRegistry: demo-cluster}]}}",
        "registered")]
    [InlineData(null, "networks: {}", "network1")] // the injector's
    [InlineData(null, null, "network1")]
    public void NetworkComesFromNamespaceLabelThenMeshNetworksThenInjector(string? label, string? meshNetworks, string expected)
    {
        var objects = Cluster.Upstream with
        {
            Namespaces = Cluster.Upstream.Namespaces.Changed(
                "istio-system", ns => ns with { Metadata = ns.Metadata.Labelled("topology.istio.io/network", label) }),
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio", map => map with { Data = map.Data with { MeshNetworks = meshNetworks } }),
        };
        Assert.Equal(expected, objects.Compose().Group("vms-plain", "analytics-v0").Served!.Config.Mesh.Network);
    }

    [Theory]
    [InlineData("1.24.2", "1.23.0", "example/pilot:1.22.0", "1.24.2")]
    [InlineData(null, "1.23.0", "example/pilot:1.22.0", "1.23.0")]
    [InlineData(null, null, "registry.example:5000/pilot:1.20.3-distroless@sha256:0123456789abcdef", "1.20.3-distroless")]
    [InlineData(null, null, "example/pilot:latest", null)]
    [InlineData(null, null, "registry.example:5000/pilot", null)]
    public void VersionComesFromTheLabelOrTheImageTag(string? ofDeployment, string? ofConfigMap, string image, string? expected)
    {
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio", map => map with { Metadata = map.Metadata.Labelled("app.kubernetes.io/version", ofConfigMap) }),
            Deployments = Cluster.Upstream.Deployments.Changed("istiod", deployment => deployment with
            {
                Metadata = deployment.Metadata.Labelled("app.kubernetes.io/version", ofDeployment),
                Spec = new() { Template = new() { Spec = new() { Containers = [new() { Name = "discovery", Image = image }] } } },
            }),
        };
        var group = objects.Compose().Group("vms-plain", "bare");
        Assert.Equal(expected, group.Served?.Config.Mesh.IstioVersion);
        if (expected is null)
            Assert.Contains("kubectl -n istio-system label configmap istio app.kubernetes.io/version=VERSION",
                Assert.Single(group.Faults).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("True", "Available")]
    [InlineData("False", "Unavailable")]
    [InlineData("Unknown", null)]
    public void StatusComesFromTheIstiodDeployment(string condition, string? status)
    {
        var objects = Cluster.Upstream with
        {
            Deployments = Cluster.Upstream.Deployments.Changed(
                "istiod", deployment => deployment
                with
                { Status = new() { Conditions = [new() { Type = "Available", Status = condition }] } }),
        };
        Assert.Equal(status, objects.Compose().Group("vms-plain", "bare").Served!.Config.Mesh.Status);
    }

    [Fact]
    public void RootCertificateComesFromNamespaceThenSystemThenTrustBundle()
    {
        var (own, system, bundle) = (Certificates.Make("own"), Certificates.Make("system"), Certificates.Make("bundle"));
        var maps = Cluster.Upstream.ConfigMaps.Without("istio-ca-root-cert");
        var objects = Cluster.Upstream with
        {
            ConfigMaps = [.. maps, Root("vms-plain", own), Root("istio-system", system)],
            ClusterTrustBundles =
                [new() { Metadata = new() { Name = "istio.io:istiod-ca:root-cert" }, Spec = new() { TrustBundle = bundle } }],
        };
        Assert.Equal(own, Of(objects));
        Assert.Equal(system, Of(objects = objects with { ConfigMaps = [.. maps, Root("istio-system", system)] }));
        Assert.Equal(bundle, Of(objects = objects with { ConfigMaps = maps }));
        objects = objects with { ClusterTrustBundles = [] };
        Assert.Null(Of(objects));
        Assert.StartsWith("ConfigMap vms-plain/istio-ca-root-cert: was not found, and not in namespace istio-system either.",
            objects.Compose().Group("vms-plain", "bare").Faults.Single().ToString(), StringComparison.Ordinal);

        static ConfigMap Root(string @namespace, string pem) =>
            new() { Metadata = new() { Name = "istio-ca-root-cert", Namespace = @namespace }, Data = new() { RootCertificate = pem } };

        static string? Of(ClusterObjects objects) => objects.Compose().Group("vms-plain", "bare").Served?.Config.Mesh.RootCertificate;
    }

    [Fact]
    public void IstiodVariablesNameTheRootCertificateAndTheRevision()
    {
        var objects = Cluster.Upstream with
        {
            Deployments = Cluster.Upstream.Deployments.Changed(
                "istiod", WithEnvironment([("PILOT_CA_CERT_CONFIGMAP", "own-root"), ("REVISION", "own-revision")])),
        };
        var plane = objects.Compose().Group("vms-plain", "bare").Plane!;
        Assert.Equal(("own-root", "own-revision"), (plane.RootCertificateName, plane.RevisionLabel));
    }

    [Theory]
    [InlineData("false", false)]
    [InlineData("true", true)]
    [InlineData(null, true)]
    public void AutomaticRegistrationIsOnUnlessIstiodDisablesIt(string? value, bool isOn)
    {
        var objects = Cluster.Upstream with
        {
            Deployments = Cluster.Upstream.Deployments.Changed(
                "istiod", WithEnvironment(value is null ? [] : [("PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION", value)])),
        };
        Assert.Equal(isOn, objects.Compose().Group("vms-plain", "bare").Plane!.RegistersAutomatically);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(null, true)] // the API's rule: unknown is ready
    public void IstiodIsReadyWhenOneOfItsPodsIs(bool? ready, bool isReady)
    {
        var objects = Cluster.Upstream with
        {
            EndpointSlices = Cluster.Upstream.EndpointSlices.Changed(
                "istiod-x7k2p", slice => slice
                with
                { Endpoints = [new() { Addresses = ["10.244.1.5"], Conditions = new() { Ready = ready } }] }),
        };
        Assert.Equal(isReady, objects.Compose().Group("vms-plain", "bare").Plane!.IsReady);
        Assert.Null((objects with { EndpointSlices = [] }).Compose().Group("vms-plain", "bare").Plane!.IsReady);
    }

    [Theory]
    [InlineData("matchLabels: {team: a}", true)]
    [InlineData("matchLabels: {team: b}", false)]
    [InlineData("matchExpressions: [{key: team, operator: In, values: [x, a]}]", true)]
    [InlineData("matchExpressions: [{key: team, operator: In, values: [x]}]", false)]
    [InlineData("matchExpressions: [{key: team, operator: NotIn, values: [a]}]", false)]
    [InlineData("matchExpressions: [{key: none, operator: NotIn, values: [a]}]", true)]
    [InlineData("matchExpressions: [{key: team, operator: Exists}]", true)]
    [InlineData("matchExpressions: [{key: none, operator: Exists}]", false)]
    [InlineData("matchExpressions: [{key: team, operator: DoesNotExist}]", false)]
    [InlineData("matchLabels: {team: b}\n- matchLabels: {team: a}", true)] // one selector that selects is enough
    public void UndiscoveredNamespaceIsReported(string selectors, bool isSeen)
    {
        var objects = WithMesh($"discoverySelectors:\n- {selectors}\n");
        objects = objects with
        {
            Namespaces = objects.Namespaces.Changed(
            "vms-plain", ns => ns with { Metadata = ns.Metadata.Labelled("team", "a") })
        };
        var group = objects.Compose().Group("vms-plain", "bare");
        Assert.True(group.IsCurrent);
        Assert.Equal(isSeen ? [] : [FaultReasons.NotSeenByIstiod], group.Faults.Select(fault => fault.Reason));
    }

    [Fact]
    public void GroupLabelThatHidesEntriesFromIstiodIsReported()
    {
        var objects = Cluster.Upstream with
        {
            WorkloadGroups = Cluster.Upstream.WorkloadGroups.Changed("legacy", group => group with
            {
                Spec =
                    group.Spec with { Metadata = new() { Labels = new Dictionary<string, string> { ["istio.io/rev"] = "prod-stable" } } },
            }),
        };
        var fault = Assert.Single(objects.Compose().Group("vms-tag", "legacy").Faults);
        Assert.Equal((FaultReasons.NotSeenByIstiod, false), (fault.Reason, fault.Blocks));
        Assert.StartsWith(
            "WorkloadGroup vms-tag/legacy: spec.metadata.labels has istio.io/rev 'prod-stable', so that istiod '1-32' would not see",
            fault.ToString(), StringComparison.Ordinal);
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static ClusterObjects WithMesh(string yaml) => Cluster.Upstream with
    {
        ConfigMaps = Cluster.Upstream.ConfigMaps.Changed("istio", map => map with { Data = map.Data with { Mesh = yaml } }),
    };

    private static Func<Deployment, Deployment> WithEnvironment((string Name, string Value)[] variables) => deployment => deployment with
    {
        Spec = new()
        {
            Template =
                new()
                {
                    Spec =
                    new()
                    {
                        Containers =
                        [new() { Name = "discovery",
                            Env = [.. variables.Select(pair => new EnvironmentVariable { Name = pair.Name, Value = pair.Value })] }]
                    }
                },
        },
    };
}
