namespace SmmAgent.Contract.Tests;

/// <summary>The values that the contract allows, and those that it refuses.</summary>
public sealed class MeshConfigValueTests
{
    [Fact]
    public void ListsWithTooManyCombinationsAreRefused()
    {
        static string Ports(int count) => $"{{{string.Join(',', Enumerable.Range(1, count).Select(port => $"\"p{port}\":{port}"))}}}";
        var sources = $"[{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"10.{i}.0.0/16\""))}]";
        var addresses = string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"10.0.0.{i}\""));
        var gatewayPorts = string.Join(',', Enumerable.Range(1, 200).Select(port => $"{{\"name\":\"p\",\"port\":{port}}}"));

        Assert.NotNull(ExampleMeshConfig.Read("workloadGroup.ports", Ports(4096)).Value);
        Assert.Equal("clusterSources", Assert.Single(ExampleMeshConfig.Read("workloadGroup.ports", Ports(4097)).Errors).Path);
        Assert.NotNull(ExampleMeshConfig.Read("clusterSources", sources).Value);
        Assert.Equal("clusterSources",
            Assert.Single(ExampleMeshConfig.Read("workloadGroup.ports", Ports(200), ("clusterSources", sources)).Errors).Path);
        Assert.Equal(
            "meshExpansionGateways",
            Assert.Single(
                ExampleMeshConfig.Read("meshExpansionGateways",
                    $"[{{\"name\":\"g\",\"addresses\":[{addresses}],\"ports\":[{gatewayPorts}]}}]").Errors).Path);
    }

    [Theory]
    [InlineData("mesh.meshId", "\"\"")]
    [InlineData("mesh.trustDomain", "\"\"")]
    [InlineData("mesh.istioRevision", "\"\"")]
    [InlineData("mesh.istioRevisionLabel", "\"\"")]
    [InlineData("mesh.istioRevisionLabel", "\"cp-v115x.istio-system\"")]
    [InlineData("mesh.network", "\"\"")]
    [InlineData("workloadGroup.network", "\"\"")]
    [InlineData("meshExpansionGateways", "[]")]
    [InlineData("unknown", "{\"a\":[1]}")]
    [InlineData("apiVersion", "\"smm/v1.3\"")]
    public void ValueThatTheContractAllowsIsAccepted(string path, string value) =>
    Assert.NotNull(ExampleMeshConfig.Read(path, value).Value);

    [Theory]
    [InlineData("apiVersion", "\"smm/v2\"", "apiVersion")]
    [InlineData("apiVersion", "1", "apiVersion")]
    [InlineData("mesh", "[]", "mesh")]
    [InlineData("mesh.clusterId", "\"\"", "mesh.clusterId")]
    [InlineData("mesh.istioRevisionLabel", "\"a b\"", "mesh.istioRevisionLabel")]
    [InlineData("mesh.istioRevisionLabel", "\"-a\"", "mesh.istioRevisionLabel")]
    [InlineData("mesh.istioRevisionLabel", "1", "mesh.istioRevisionLabel")]
    [InlineData("mesh.istioNamespace", "\"Istio_System\"", "mesh.istioNamespace")]
    [InlineData("mesh.rootCertificate", "\"no pem\"", "mesh.rootCertificate")]
    [InlineData("mesh.rootCertificate", "\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\"", "mesh.rootCertificate")]
    [InlineData("mesh.defaultConfig.discoveryAddress", "\"istiod\"", "mesh.defaultConfig.discoveryAddress")]
    [InlineData("mesh.defaultConfig.discoveryAddress", "\"istiod:99999\"", "mesh.defaultConfig.discoveryAddress")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"LD_PRELOAD\":\"x\"}", "mesh.defaultConfig.proxyMetadata")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"PATH\":\"x\"}", "mesh.defaultConfig.proxyMetadata")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"A;B\":\"x\"}", "mesh.defaultConfig.proxyMetadata")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"A\":\"x\\ny\"}", "mesh.defaultConfig.proxyMetadata.A")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"PROXY_UID\":\"0 -j ACCEPT\"}", "mesh.defaultConfig.proxyMetadata.PROXY_UID")]
    [InlineData("mesh.defaultConfig.tracing", "{\"x\":[{\"y\":\"a\\u001bb\"}]}", "mesh.defaultConfig.tracing.x[0].y")]
    [InlineData("mesh.meshId", "\"a\\rb\"", "mesh.meshId")]
    [InlineData("mesh.network", "\"a\\u2028b\"", "mesh.network")]
    [InlineData("mesh.status", "\"a\\u0000b\"", "mesh.status")]
    [InlineData("mesh.rootCertificate", "\"a\\u0007b\"", "mesh.rootCertificate")]
    [InlineData("workloadGroup.templateLabels", "{\"a\":\"x\\ty\"}", "workloadGroup.templateLabels.a")]
    [InlineData("workloadGroup.annotations", "{\"a\\nb\":\"x\"}", "workloadGroup.annotations")]
    [InlineData("workloadGroup.annotations", "{\"a\":\"x\\u0000\"}", "workloadGroup.annotations.a")]
    [InlineData("workloadGroup.probe", "{\"httpGet\":{\"path\":\"/\\n\"}}", "workloadGroup.probe.httpGet.path")]
    [InlineData("unknownToThisVersion", "[\"a\\nb\"]", "unknownToThisVersion[0]")]
    [InlineData("mesh.defaultConfig.proxyMetadata", "{\"A\":1}", "mesh.defaultConfig.proxyMetadata.A")]
    [InlineData("workloadGroup.namespace", "\"a.b\"", "workloadGroup.namespace")]
    [InlineData("workloadGroup.name", "\"../x\"", "workloadGroup.name")]
    [InlineData("workloadGroup.ports", "{\"http\":0}", "workloadGroup.ports.http")]
    [InlineData("workloadGroup.ports", "{\"http\":65536}", "workloadGroup.ports.http")]
    [InlineData("workloadGroup.ports", "{\"http\":80.5}", "workloadGroup.ports.http")]
    [InlineData("workloadGroup.ports", "{\"http\":\"80\"}", "workloadGroup.ports.http")]
    [InlineData("workloadGroup.probe", "\"tcp\"", "workloadGroup.probe")]
    [InlineData("meshExpansionGateways", "{}", "meshExpansionGateways")]
    [InlineData("meshExpansionGateways.0.addresses", "[\"13.48.73\"]", "meshExpansionGateways[0].addresses[0]")]
    [InlineData("meshExpansionGateways.0.addresses", "[\"gw.example.com\",\"a b\"]", "meshExpansionGateways[0].addresses[1]")]
    [InlineData("meshExpansionGateways.0.ports.1.port", "70000", "meshExpansionGateways[0].ports[1].port")]
    [InlineData("directEndpoints.0.address", "\"http://x\"", "directEndpoints[0].address")]
    [InlineData("directEndpoints.0.port", "-1", "directEndpoints[0].port")]
    [InlineData("clusterSources", "[\"10.0.0.1/8\"]", "clusterSources[0]")]
    [InlineData("packages.0.path", "\"/packages/a%2fb.deb\"", "packages[0].path")]
    [InlineData("packages.0.path", "\"http://x/a.deb\"", "packages[0].path")]
    [InlineData("packages.0.sha256", "\"abc\"", "packages[0].sha256")]
    [InlineData("packages.0.size", "-1", "packages[0].size")]
    public void InvalidValueIsExactlyOneErrorAtItsPath(string path, string value, string at) =>
        Assert.Equal(at, Assert.Single(ExampleMeshConfig.Read(path, value).Errors).Path);

    [Fact]
    public void MultilineTextIsAcceptedWhereItIsExpected()
    {
        Assert.NotNull(ExampleMeshConfig.Read("workloadGroup.annotations", "{\"proxy.istio.io/config\":\"a: 1\\nb:\\n\\t2\\r\\n\"}").Value);
        Assert.NotNull(ExampleMeshConfig.Read("workloadGroup.probe", "{\"exec\":{\"command\":[\"sh\",\"-c\",\"a\\nb\"]}}").Value);
        Assert.NotNull(ExampleMeshConfig.Read("mesh.defaultConfig.caCertificatesPem", "[\"a\\nb\\n\"]").Value);
        Assert.NotNull(ExampleMeshConfig.Read("mesh.defaultConfig.readinessProbe", "{\"exec\":{\"command\":[\"a\\nb\"]}}").Value);
    }

    [Fact]
    public void MultilineValueForIptablesRestoreIsRefused()
    {
        const string Metadata =
            """{"ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE":"1 -j RETURN\n-I INPUT -s 203.0.113.66 -j ACCEPT\nCOMMIT\n*filter\n-I INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n*nat"}""";
        Assert.Contains("has a line break, which is not allowed in any value",
            Assert.Single(ExampleMeshConfig.Read("mesh.defaultConfig.proxyMetadata", Metadata).Errors).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gw.example.com.", "gw.example.com")]
    [InlineData("gw_1.example.com", "gw_1.example.com")]
    [InlineData("my_gw.elb.amazonaws.com.", "my_gw.elb.amazonaws.com")]
    public void GatewayAddressMayEndWithADotOrContainUnderscores(string name, string read)
    {
        Assert.Equal(
            [read], ExampleMeshConfig.Read("meshExpansionGateways.0.addresses", $"[\"{name}\"]").Value!.MeshExpansionGateways[0].Addresses);
        Assert.Equal(read, ExampleMeshConfig.Read("directEndpoints.0.address", $"\"{name}\"").Value!.DirectEndpoints[0].Address);
    }

    [Theory]
    [InlineData("gw..")]
    [InlineData(".")]
    [InlineData("a b_")]
    public void InvalidGatewayAddressIsRefused(string name) =>
        Assert.Equal(
            "meshExpansionGateways[0].addresses[0]",
            Assert.Single(ExampleMeshConfig.Read("meshExpansionGateways.0.addresses", $"[\"{name}\"]").Errors).Path);
}
