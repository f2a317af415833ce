using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>A control plane of the SMM operator.</summary>
public sealed class OperatorTests
{
    [Fact]
    public void EveryMemberComesFromTheOperatorObjects()
    {
        var composed = Cluster.Smm.Compose();
        var group = composed.Group("vm-integration", "analytics-v0");
        Assert.Empty(composed.Faults);
        Assert.Empty(group.Faults);

        var (config, mesh) = (group.Served!.Config, group.Served.Config.Mesh);
        Assert.Equal(
            ("mesh1", "cluster.local", "demo-cluster1", "network1", "1.17.8", "cp-v117x", "istio-system"),
            (mesh.MeshId, mesh.TrustDomain, mesh.ClusterId, mesh.Network, mesh.IstioVersion, mesh.IstioRevision, mesh.IstioNamespace));
        Assert.Equal(["network1"], mesh.Networks);
        Assert.Equal("istiod-cp-v117x.istio-system.svc:15012", mesh.DiscoveryAddress());
        Assert.Equal("zipkin.istio-system:9411",
            mesh.DefaultConfig.GetProperty("tracing").GetProperty("zipkin").GetProperty("address").GetString());
        Assert.Equal(Cluster.File("Oracles/upstream/expected/vms-plain.analytics-v0/root-cert.pem"), mesh.RootCertificate);

        var gateway = Assert.Single(config.MeshExpansionGateways);
        Assert.Equal("istio-meshexpansion-cp-v117x", gateway.Name);
        Assert.Equal(["13.48.73.61", "gateway.elb.example.com"], gateway.Addresses);
        Assert.Equal([15012, 15017, 15021, 15443, 50600, 59411], gateway.Ports.Select(port => port.Port));
        Assert.Equal("istio-ca", group.Plane!.TokenAudience);
    }

    [Fact]
    public void IstiodRevisionIsTheWorkloadEntryLabelAlsoForOldAgents()
    {
        var group = Cluster.Smm.Compose().Group("vm-integration", "analytics-v0");
        Assert.Equal("cp-v117x.istio-system", group.Plane!.RevisionLabel);
        Assert.Equal("cp-v117x.istio-system", group.Served!.Config.Mesh.IstioRevisionLabel);
        Assert.Equal("cp-v117x.istio-system", group.Served.Config.WorkloadGroup.MetadataLabels["istio.io/rev"]);
    }

    [Theory]
    [InlineData("cisco", true)]
    [InlineData("official", false)]
    [InlineData("", true)] // the name of its mesh ConfigMap is that of cisco's distribution
    public void DistributionDecidesTheNameOfTheRootCertificate(string distribution, bool hasRevision)
    {
        var objects = Cluster.Smm;
        objects = objects with
        {
            Deployments = [],
            IstioControlPlanes = objects.IstioControlPlanes.Changed(
                "cp-v117x", plane => plane with { Spec = plane.Spec with { Distribution = distribution } }),
        };
        var group = objects.Compose().Group("vm-integration", "analytics-v0");
        Assert.Equal(hasRevision ? "istio-ca-root-cert-cp-v117x" : "istio-ca-root-cert", group.Plane!.RootCertificateName);
        Assert.Equal(hasRevision, group.IsCurrent);
        if (!hasRevision)
            Assert.Contains(group.Faults,
                fault => fault.Source == new ObjectReference("ConfigMap", "vm-integration", "istio-ca-root-cert"));
    }

    [Fact]
    public void StatusOfTheOperatorObjectWins()
    {
        var pem = Cluster.File("Oracles/upstream/expected/vms-plain.analytics-v0/root-cert.pem");
        var objects = Cluster.Smm with
        {
            ConfigMaps = Cluster.Smm.ConfigMaps.Without("istio-ca-root-cert-cp-v117x"),
            IstioControlPlanes = Cluster.Smm.IstioControlPlanes.Changed("cp-v117x", plane => plane with
            {
                Status = new()
                {
                    Status = "Reconciling", ClusterId = "registered", CaRootCertificate = pem,
                    IstiodAddresses = ["10.0.0.2", "10.0.0.1"]
                },
                Spec = plane.Spec with { Sds = new() { TokenAudience = "other" } },
            }),
            PeerIstioControlPlanes =
                [new() { Metadata = new() { Name = "peer", Namespace = "istio-system" }, Spec = new() { NetworkName = "network2" } }],
            WorkloadGroups = Cluster.Smm.WorkloadGroups.Changed("analytics-v0", group => group with
            {
                Spec = group.Spec with { Template = group.Spec.Template with { Network = "network2" } },
            }),
        };
        var composed = objects.Compose().Group("vm-integration", "analytics-v0");
        Assert.Empty(composed.Faults);

        var config = composed.Served!.Config;
        Assert.Equal(("Reconciling", "registered", pem), (config.Mesh.Status, config.Mesh.ClusterId, config.Mesh.RootCertificate));
        Assert.Equal(["network1", "network2"], config.Mesh.Networks);
        Assert.Equal([new DirectEndpoint("istiod", "10.0.0.1", 15012), new DirectEndpoint("istiod", "10.0.0.2", 15012)],
            config.DirectEndpoints);
        Assert.Equal("other", composed.Plane!.TokenAudience);
    }

    [Fact]
    public void GatewayWithoutAddressUsesTheOperatorAddressUnlessOverridden()
    {
        var objects = Cluster.Smm with
        {
            Services = Cluster.Smm.Services.Changed("istio-meshexpansion-cp-v117x", service => service with { Status = new() }),
            IstioControlPlanes = Cluster.Smm.IstioControlPlanes.Changed(
                "cp-v117x", plane => plane with { Status = new() { GatewayAddress = ["203.0.113.7"] } }),
        };
        Assert.Equal(["203.0.113.7"], Addresses(objects));

        objects = objects with
        {
            Services = Cluster.Smm.Services.Changed("istio-meshexpansion-cp-v117x", service => service with
            {
                Metadata = service.Metadata.Annotated("service.banzaicloud.io/ip-address-override", "203.0.113.9, 203.0.113.8"),
            }),
        };
        Assert.Equal(["203.0.113.8", "203.0.113.9"], Addresses(objects));

        static IReadOnlyList<string> Addresses(ClusterObjects objects) =>
            objects.Compose().Group("vm-integration", "analytics-v0").Served!.Config.MeshExpansionGateways.Single().Addresses;
    }

    [Fact]
    public void PassiveControlPlaneServesNoVmAndNamesTheOtherCluster()
    {
        var objects = Cluster.Smm with
        {
            IstioControlPlanes = Cluster.Smm.IstioControlPlanes.Changed(
                "cp-v117x", plane => plane with { Spec = plane.Spec with { Mode = "PASSIVE" } }),
        };
        var group = objects.Compose().Group("vm-integration", "analytics-v0");
        Assert.Null(group.Served);
        var fault = Assert.Single(group.Faults);
        Assert.Equal(FaultReasons.ControlPlaneUnsuitable, fault.Reason);
        Assert.StartsWith("IstioControlPlane istio-system/cp-v117x: its mode is PASSIVE", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherObjectsSufficeWithoutTheRightToReadTheOperatorKind()
    {
        var group = (Cluster.Smm with { IstioControlPlanes = [] }).Compose().Group("vm-integration", "analytics-v0");
        var fault = Assert.Single(group.Faults);
        // the image's tag is 'tag', and no label has the version
        Assert.Contains("app.kubernetes.io/version", fault.Message, StringComparison.Ordinal);

        var labelled = Cluster.Smm with
        {
            IstioControlPlanes = [],
            ConfigMaps = Cluster.Smm.ConfigMaps.Changed(
                "istio-cp-v117x", map => map with { Metadata = map.Metadata.Labelled("app.kubernetes.io/version", "1.17.8") }),
        };
        group = labelled.Compose().Group("vm-integration", "analytics-v0");
        Assert.Empty(group.Faults);
        Assert.Equal(("demo-cluster1", "network1"), (group.Served!.Config.Mesh.ClusterId, group.Served.Config.Mesh.Network));
    }
}
