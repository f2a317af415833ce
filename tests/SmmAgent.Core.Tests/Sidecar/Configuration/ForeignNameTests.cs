using System.Text.Json;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class ForeignNameTests
{
    [Theory]
    [InlineData("vm-integration", "{}", "kubernetes.default.svc.cluster.local", true)]
    [InlineData("vm-integration", """{"discoveryAddress":"istiod.istio-system.svc:15012"}""", "kubernetes.default.svc.cluster.local", true)]
    [InlineData("vm-integration", """{"discoveryAddress":"istiod.istio-system.svc.corp.example:15012"}""",
        "kubernetes.default.svc.corp.example", false)]
    [InlineData("vm-integration", """{"discoveryAddress":"istiod.istio-system.svc.corp.example.:15012"}""",
        "kubernetes.default.svc.corp.example", false)]
    [InlineData("vm-integration", """{"discoveryAddress":"istiod.example.com:15012"}""", "kubernetes.default.svc.cluster.local", true)]
    [InlineData("default", "{}", "istiod-cp-v115x.istio-system.svc.cluster.local", true)]
    [InlineData("default", """{"discoveryAddress":"istiod.istio-system.svc.corp.example"}""",
        "istiod-cp-v115x.istio-system.svc.corp.example", false)]
    public void NameIsOfAnotherNamespaceAndOfTheClustersDomain(string own, string defaultConfig, string name, bool isAssumed)
    {
        var mesh = MeshConfigs.Of("vm").Mesh with { DefaultConfig = JsonDocument.Parse(defaultConfig).RootElement };

        Assert.Equal(new ForeignName(name, isAssumed), ForeignName.From(mesh, own));
    }

    [Fact]
    public void OnlyTheApiServersNameIsKnownWithoutAMeshConfiguration()
    {
        Assert.Equal(new ForeignName("kubernetes.default.svc.cluster.local", true), ForeignName.From(null, "vm-integration"));
        Assert.Null(ForeignName.From(null, "default"));
        Assert.Null(ForeignName.From(MeshConfigs.Of("vm").Mesh with { IstioNamespace = "default" }, "default"));
    }

    [Theory]
    [InlineData("smm.smm-system.svc", "smm-system")]
    [InlineData("smm.smm-system.svc.cluster.local", "smm-system")]
    [InlineData("svc.example.com", null)]
    [InlineData("198.51.100.7", null)]
    public void NameOfTheClusterHasANamespace(string host, string? expected) => Assert.Equal(expected, ForeignName.NamespaceOf(host));
}
