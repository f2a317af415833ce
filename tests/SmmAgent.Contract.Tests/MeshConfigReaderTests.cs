using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace SmmAgent.Contract.Tests;

public sealed class MeshConfigReaderTests
{
    private static readonly string Example = ExampleWithACertificate();

    [Fact]
    public void ExampleOfTheContractIsAccepted()
    {
        var config = MeshConfigReader.Read(Encoding.UTF8.GetBytes(Example)).Value!;

        Assert.Equal("istiod-cp-v115x.istio-system.svc:15012", config.Mesh.DiscoveryAddress());
        Assert.Equal(NetworkModel.DifferentNetwork, config.NetworkModel());
        Assert.Equal(["13.48.73.61", "gw.example.com"], config.MeshExpansionGateways[0].Addresses);
        Assert.Equal((8080, 8082), (config.WorkloadGroup.Ports["http"], config.WorkloadGroup.Ports["grpc"]));
        Assert.NotNull(config.WorkloadGroup.Probe);
        Assert.Equal(12345, config.Packages[0].Size);
    }

    [Theory]
    [InlineData("mesh.networks")]
    [InlineData("mesh.defaultConfig")]
    [InlineData("mesh.defaultConfig.discoveryAddress")]
    [InlineData("mesh.defaultConfig.proxyMetadata")]
    [InlineData("mesh.status")]
    [InlineData("mesh.istioRevisionLabel")]
    [InlineData("workloadGroup.annotations")]
    [InlineData("workloadGroup.metadataLabels")]
    [InlineData("workloadGroup.templateLabels")]
    [InlineData("workloadGroup.metadataAnnotations")]
    [InlineData("workloadGroup.probe")]
    [InlineData("directEndpoints")]
    [InlineData("clusterSources")]
    [InlineData("packages")]
    public void OptionalMemberMayBeMissingOrNull(string path)
    {
        Assert.NotNull(Read(path, null).Value);
        Assert.NotNull(Read(path, "null").Value);
    }

    [Theory]
    [InlineData("gw.example.com.", "gw.example.com")]
    [InlineData("gw_1.example.com", "gw_1.example.com")]
    [InlineData("my_gw.elb.amazonaws.com.", "my_gw.elb.amazonaws.com")]
    public void GatewayAddressMayEndWithADotOrContainUnderscores(string name, string read)
    {
        Assert.Equal([read], Read("meshExpansionGateways.0.addresses", $"[\"{name}\"]").Value!.MeshExpansionGateways[0].Addresses);
        Assert.Equal(read, Read("directEndpoints.0.address", $"\"{name}\"").Value!.DirectEndpoints[0].Address);
    }

    [Theory]
    [InlineData("gw..")]
    [InlineData(".")]
    [InlineData("a b_")]
    public void InvalidGatewayAddressIsRefused(string name) =>
        Assert.Equal(
            "meshExpansionGateways[0].addresses[0]", Assert.Single(Read("meshExpansionGateways.0.addresses", $"[\"{name}\"]").Errors).Path);

    [Theory]
    [InlineData("\"a\"", "\"a\"")]
    [InlineData("W/\"a\"", "\"a\"")]
    [InlineData("\"a-gzip\"", "\"a\"")]
    [InlineData("\"a--gzip\"", "\"a\"")]
    [InlineData("\"a;br\"", "\"a\"")]
    [InlineData("W/\"a-zstd\"", "\"a\"")]
    [InlineData("\"-gzip\"", "\"-gzip\"")]
    [InlineData("\"a-gzip-b\"", "\"a-gzip-b\"")]
    public void ETagOfTheServerIsRestored(string tag, string original) => Assert.Equal(original, ProxiedETag.Original(tag));

    [Fact]
    public void MultilineTextIsAcceptedWhereItIsExpected()
    {
        Assert.NotNull(Read("workloadGroup.annotations", "{\"proxy.istio.io/config\":\"a: 1\\nb:\\n\\t2\\r\\n\"}").Value);
        Assert.NotNull(Read("workloadGroup.probe", "{\"exec\":{\"command\":[\"sh\",\"-c\",\"a\\nb\"]}}").Value);
        Assert.NotNull(Read("mesh.defaultConfig.caCertificatesPem", "[\"a\\nb\\n\"]").Value);
        Assert.NotNull(Read("mesh.defaultConfig.readinessProbe", "{\"exec\":{\"command\":[\"a\\nb\"]}}").Value);
    }

    [Fact]
    public void MultilineValueForIptablesRestoreIsRefused()
    {
        const string Metadata =
            """{"ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE":"1 -j RETURN\n-I INPUT -s 203.0.113.66 -j ACCEPT\nCOMMIT\n*filter\n-I INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n*nat"}""";
        Assert.Contains("has a line break, which is not allowed in any value",
            Assert.Single(Read("mesh.defaultConfig.proxyMetadata", Metadata).Errors).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"\"", null, "default")]
    [InlineData("\"cp-v115x\"", null, "cp-v115x")]
    [InlineData("\"cp-v115x\"", "\"\"", "cp-v115x")]
    [InlineData("\"cp-v115x\"", "\"cp-v115x.istio-system\"", "cp-v115x.istio-system")]
    public void RevisionLabelIsThatOfTheControlPlaneOrItsRevision(string revision, string? label, string expected) =>
        Assert.Equal(expected, Read("mesh.istioRevision", revision, ("mesh.istioRevisionLabel", label)).Value!.Mesh.RevisionLabel());

    [Theory]
    [InlineData("\"cp-v115x\"", "istiod-cp-v115x.istio-system.svc:15012")]
    [InlineData("\"default\"", "istiod.istio-system.svc:15012")]
    [InlineData("\"\"", "istiod.istio-system.svc:15012")]
    public void DiscoveryAddressDefaultsToTheServiceOfTheRevision(string revision, string address)
    {
        Assert.Equal(address, Read("mesh.defaultConfig", null, ("mesh.istioRevision", revision)).Value!.Mesh.DiscoveryAddress());
        Assert.Equal(address, Read("mesh.defaultConfig", "{}", ("mesh.istioRevision", revision)).Value!.Mesh.DiscoveryAddress());
    }

    [Theory]
    [InlineData("apiVersion")]
    [InlineData("mesh")]
    [InlineData("mesh.meshId")]
    [InlineData("mesh.trustDomain")]
    [InlineData("mesh.clusterId")]
    [InlineData("mesh.network")]
    [InlineData("mesh.istioVersion")]
    [InlineData("mesh.istioRevision")]
    [InlineData("mesh.istioNamespace")]
    [InlineData("mesh.rootCertificate")]
    [InlineData("workloadGroup")]
    [InlineData("workloadGroup.namespace")]
    [InlineData("workloadGroup.name")]
    [InlineData("workloadGroup.serviceAccount")]
    [InlineData("workloadGroup.network")]
    [InlineData("workloadGroup.ports")]
    [InlineData("meshExpansionGateways")]
    public void MissingRequiredMemberIsTheOnlyError(string path)
    {
        var fault = Assert.Single(Read(path, null).Errors);
        Assert.Equal((path, "is required and missing"), (fault.Path, fault.Reason));
    }

    [Fact]
    public void ListsWithTooManyCombinationsAreRefused()
    {
        static string Ports(int count) => $"{{{string.Join(',', Enumerable.Range(1, count).Select(port => $"\"p{port}\":{port}"))}}}";
        var sources = $"[{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"10.{i}.0.0/16\""))}]";
        var addresses = string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"10.0.0.{i}\""));
        var gatewayPorts = string.Join(',', Enumerable.Range(1, 200).Select(port => $"{{\"name\":\"p\",\"port\":{port}}}"));

        Assert.NotNull(Read("workloadGroup.ports", Ports(4096)).Value);
        Assert.Equal("clusterSources", Assert.Single(Read("workloadGroup.ports", Ports(4097)).Errors).Path);
        Assert.NotNull(Read("clusterSources", sources).Value);
        Assert.Equal("clusterSources", Assert.Single(Read("workloadGroup.ports", Ports(200), ("clusterSources", sources)).Errors).Path);
        Assert.Equal(
            "meshExpansionGateways",
            Assert.Single(
                Read("meshExpansionGateways", $"[{{\"name\":\"g\",\"addresses\":[{addresses}],\"ports\":[{gatewayPorts}]}}]").Errors).Path);
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
    public void ValueThatTheContractAllowsIsAccepted(string path, string value) => Assert.NotNull(Read(path, value).Value);

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
        Assert.Equal(at, Assert.Single(Read(path, value).Errors).Path);

    [Fact]
    public void EveryErrorIsReported()
    {
        var config = JsonNode.Parse(Example)!;
        config["mesh"]!["clusterId"] = 5;
        config["workloadGroup"]!["ports"]!["http"] = 0;
        config["meshExpansionGateways"]![0]!["addresses"]![0] = "x y";

        Assert.Equal(
            ["mesh.clusterId", "workloadGroup.ports.http", "meshExpansionGateways[0].addresses[0]"],
            MeshConfigReader.Read(Encoding.UTF8.GetBytes(config.ToJsonString())).Errors.Select(fault => fault.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"apiVersion\":\"smm/v1\",\"apiVersion\":\"smm/v1\"}")]
    public void TextThatIsNotAnObjectIsRefused(string text) =>
        Assert.Equal("", Assert.Single(MeshConfigReader.Read(Encoding.UTF8.GetBytes(text)).Errors).Path);

    [Fact]
    public void BodyLargerThanOneMebibyteIsRefused() =>
        Assert.Contains("larger than 1048576 bytes",
            Assert.Single(MeshConfigReader.Read(new byte[MeshConfig.MaximumBytes + 1]).Errors).Reason, StringComparison.Ordinal);

    [Fact]
    public void EditedBytesNeverThrow()
    {
        var bytes = Encoding.UTF8.GetBytes(Example);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Int[0, 40], Gen.Byte.Array[0, 8])
            .Sample((at, length, inserted) => IsAVerdict([.. bytes[..at], .. inserted, .. bytes[Math.Min(bytes.Length, at + length)..]]),
                iter: 2000);
    }

    [Fact]
    public void ValueInAnyPlaceNeverThrows()
    {
        var places = Regex().Matches(Example).Select(match => (match.Index, match.Length)).ToArray();
        var values = new[] { "null", "true", "0", "-1e400", "\"\"", "\"\\u0000\"", "[]", "[null]", "{}", "{\"\":{}}", "[[[]]]",
            "\"\\ud800\"" };
        Gen.Select(Gen.Int[0, places.Length - 1], Gen.Int[0, values.Length - 1]).Sample((place, value) =>
        {
            var (at, length) = places[place];
            return IsAVerdict(Encoding.UTF8.GetBytes(Example.Remove(at, length).Insert(at, values[value])));
        }, iter: 2000);
    }

    private static System.Text.RegularExpressions.Regex Regex() => new("(?<=[:\\[,]\\s*)(\"[^\"]*\"|[0-9]+|\\{\\}|\\[\\])(?=\\s*[,}\\]])");

    private static bool IsAVerdict(byte[] document)
    {
        var result = MeshConfigReader.Read(document);
        return result.Value is null == result.Errors.Count > 0;
    }

    private static ReadResult<MeshConfig> Read(string path, string? value, params (string Path, string? Value)[] more)
    {
        var root = JsonNode.Parse(Example)!;
        foreach (var (at, other) in more.Append((path, value)))
        {
            var steps = at.Split('.');
            var parent = steps[..^1].Aggregate(root, (node, step) => int.TryParse(step, out var i) ? node[i]! : node[step]!);
            if (other is null)
                parent.AsObject().Remove(steps[^1]);
            else
                parent[steps[^1]] = JsonNode.Parse(other);
        }

        return MeshConfigReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString()));
    }

    private static string ExampleWithACertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        using var root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return """
            {
              "apiVersion": "smm/v1",
              "mesh": {
                "meshId": "mesh1", "trustDomain": "cluster.local", "clusterId": "demo-cluster", "network": "network1",
                "networks": ["network1"], "status": "Available", "istioVersion": "1.15.3", "istioRevision": "cp-v115x",
                "istioNamespace": "istio-system", "rootCertificate": ROOT,
                "defaultConfig": { "discoveryAddress": "istiod-cp-v115x.istio-system.svc:15012", "proxyMetadata": {} }
              },
              "workloadGroup": {
                "namespace": "vm-integration", "name": "analytics-v0", "annotations": {},
                "metadataLabels": { "app": "analytics", "version": "v0" }, "templateLabels": {}, "metadataAnnotations": {},
                "serviceAccount": "default", "network": "vm-network-1", "ports": { "http": 8080, "grpc": 8082 },
                "probe": { "httpGet": { "path": "/", "host": "127.0.0.1", "port": 8080, "scheme": "HTTP" } }
              },
              "meshExpansionGateways": [
                { "name": "istio-meshexpansion-cp-v115x", "addresses": ["13.48.73.61", "gw.example.com"],
                  "ports": [ { "name": "tcp-status-port", "port": 15021 }, { "name": "tls-istiod", "port": 15012 } ] }
              ],
              "directEndpoints": [ { "name": "istiod", "address": "10.244.1.5", "port": 15012 } ],
              "clusterSources": [],
              "packages": [
                { "name": "istio-sidecar", "version": "1.15.3", "format": "deb", "architecture": "amd64",
                  "path": "/packages/istio-sidecar_1.15.3_amd64.deb",
                  "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "size": 12345 }
              ]
            }
            """.Replace("ROOT", JsonValue.Create(root.ExportCertificatePem()).ToJsonString(), StringComparison.Ordinal);
    }
}
