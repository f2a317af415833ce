using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace SmmAgent.Contract.Tests;

public sealed class MeshConfigReaderTests
{
    [Fact]
    public void ExampleOfTheContractIsAccepted()
    {
        var config = MeshConfigReader.Read(Encoding.UTF8.GetBytes(ExampleMeshConfig.Text)).Value!;

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
        Assert.NotNull(ExampleMeshConfig.Read(path, null).Value);
        Assert.NotNull(ExampleMeshConfig.Read(path, "null").Value);
    }

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

    [Theory]
    [InlineData("\"\"", null, "default")]
    [InlineData("\"cp-v115x\"", null, "cp-v115x")]
    [InlineData("\"cp-v115x\"", "\"\"", "cp-v115x")]
    [InlineData("\"cp-v115x\"", "\"cp-v115x.istio-system\"", "cp-v115x.istio-system")]
    public void RevisionLabelIsThatOfTheControlPlaneOrItsRevision(string revision, string? label, string expected) =>
        Assert.Equal(expected, ExampleMeshConfig.Read(
            "mesh.istioRevision", revision, ("mesh.istioRevisionLabel", label)).Value!.Mesh.RevisionLabel());

    [Theory]
    [InlineData("\"cp-v115x\"", "istiod-cp-v115x.istio-system.svc:15012")]
    [InlineData("\"default\"", "istiod.istio-system.svc:15012")]
    [InlineData("\"\"", "istiod.istio-system.svc:15012")]
    public void DiscoveryAddressDefaultsToTheServiceOfTheRevision(string revision, string address)
    {
        Assert.Equal(
            address, ExampleMeshConfig.Read("mesh.defaultConfig", null, ("mesh.istioRevision", revision)).Value!.Mesh.DiscoveryAddress());
        Assert.Equal(
            address, ExampleMeshConfig.Read("mesh.defaultConfig", "{}", ("mesh.istioRevision", revision)).Value!.Mesh.DiscoveryAddress());
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
        var fault = Assert.Single(ExampleMeshConfig.Read(path, null).Errors);
        Assert.Equal((path, "is required and missing"), (fault.Path, fault.Reason));
    }

    [Fact]
    public void EveryErrorIsReported()
    {
        var config = JsonNode.Parse(ExampleMeshConfig.Text)!;
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
        var bytes = Encoding.UTF8.GetBytes(ExampleMeshConfig.Text);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Int[0, 40], Gen.Byte.Array[0, 8])
            .Sample((at, length, inserted) => IsAVerdict([.. bytes[..at], .. inserted, .. bytes[Math.Min(bytes.Length, at + length)..]]),
                iter: 2000);
    }

    [Fact]
    public void ValueInAnyPlaceNeverThrows()
    {
        var places = Regex().Matches(ExampleMeshConfig.Text).Select(match => (match.Index, match.Length)).ToArray();
        var values = new[] { "null", "true", "0", "-1e400", "\"\"", "\"\\u0000\"", "[]", "[null]", "{}", "{\"\":{}}", "[[[]]]",
            "\"\\ud800\"" };
        Gen.Select(Gen.Int[0, places.Length - 1], Gen.Int[0, values.Length - 1]).Sample((place, value) =>
        {
            var (at, length) = places[place];
            return IsAVerdict(Encoding.UTF8.GetBytes(ExampleMeshConfig.Text.Remove(at, length).Insert(at, values[value])));
        }, iter: 2000);
    }

    private static System.Text.RegularExpressions.Regex Regex() => new("(?<=[:\\[,]\\s*)(\"[^\"]*\"|[0-9]+|\\{\\}|\\[\\])(?=\\s*[,}\\]])");

    private static bool IsAVerdict(byte[] document)
    {
        var result = MeshConfigReader.Read(document);
        return result.Value is null == result.Errors.Count > 0;
    }
}
