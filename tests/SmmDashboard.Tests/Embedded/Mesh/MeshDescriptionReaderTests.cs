using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Mesh;

public sealed class MeshDescriptionReaderTests
{
    private static readonly string Good = new MeshYaml().ToString();

    [Fact]
    public void ServedConfigurationIsAcceptedByAgent()
    {
        var mesh = MeshDescriptionReader.Read(Good).Value!;
        var group = mesh.Groups[new GroupId("vm-integration", "analytics-v0")];
        var read = MeshConfigReader.Read(group.Body);
        Assert.Empty(read.Errors);
        Assert.Equal(8082, read.Value!.WorkloadGroup.Ports["grpc"]);
        Assert.Equal("istiod-cp-v115x.istio-system.svc:15012", read.Value.Mesh.DiscoveryAddress());
        Assert.Equal(2, read.Value.Mesh.DefaultConfig.GetProperty("concurrency").GetInt32());
        Assert.Equal(["13.48.73.61", "gw.example.com"], read.Value.MeshExpansionGateways[0].Addresses);
        Assert.Equal([System.Net.IPNetwork.Parse("10.244.0.0/16")], read.Value.ClusterSources);
        Assert.Empty(mesh.Warnings);
    }

    [Fact]
    public void FlatGroupIsAccepted()
    {
        const string flat = "- { namespace: ns, name: flat, serviceAccount: sa, network: n, ports: {}, tokenSha256s: [] }\n";
        var mesh = MeshDescriptionReader.Read(new MeshYaml { Groups = [flat] }.ToString());
        Assert.Equal("sa", mesh.Value!.Groups[new GroupId("ns", "flat")].Config.WorkloadGroup.ServiceAccount);
        var refused = MeshDescriptionReader.Read(
            new MeshYaml { Groups = [flat.Replace("name: flat", "name: Flat", StringComparison.Ordinal)] }.ToString());
        Assert.StartsWith("groups[0].name", Assert.Single(refused.Errors).Path, StringComparison.Ordinal);
    }

    [Fact]
    public void EntityTagDependsOnBytes()
    {
        var name = new GroupId("vm-integration", "analytics-v0");
        string Tag(string yaml) => MeshDescriptionReader.Read(yaml).Value!.Groups[name].ETag;
        Assert.Equal(Tag(Good), Tag("# a comment\n" + Good));
        Assert.NotEqual(Tag(Good), Tag(new MeshYaml { Revision = "cp-v116x" }.ToString()));
        Assert.Matches("^\"[A-Za-z0-9_-]+\"$", Tag(Good));
    }

    [Theory]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: ftp://x", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: /x", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: 'https://x/$(id)'", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: \"https://x/';id;'\"", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicURL: https://x", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: https:smm.example.com", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: HTTPS://smm.example.com", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: https://smm.example.com/smm", "publicUrl")]
    [InlineData("publicUrl: https://smm.example.com", "publicUrl: https://smm.example.com/..", "publicUrl")]
    [InlineData("publicUrl:", "minimumAgentVersion: '1'\npublicUrl:", "minimumAgentVersion")]
    [InlineData("clusterRanges: [10.244.0.0/16]", "clusterRanges: [10.0.0.0/33]", "clusterRanges[0]")]
    [InlineData("istioRevision: cp-v115x", "istioRevision: CP_1", "mesh.istioRevision")]
    [InlineData("http: 8080", "http: 80800", "groups[0].workloadGroup.ports.http")]
    [InlineData("name: analytics-v0", "name: Analytics", "groups[0].workloadGroup.name")]
    [InlineData("gw.example.com", "gw example", "meshExpansionGateways[0].addresses[1]")]
    [InlineData("port: 15012 }", "port: 0 }", "meshExpansionGateways[0].ports[0].port")]
    [InlineData("clusterSources: [ 10.244.0.0/16 ]", "clusterSources: [ here ]", "groups[0].clusterSources[0]")]
    [InlineData("tokenSha256s: [ \"", "tokenSha256s: [ \"00", "groups[0].tokenSha256s[0]")]
    [InlineData("name: billing-v1", "name: analytics-v0", null)]
    [InlineData("istioVersion: 1.15.3", "istioVersion: 1.15", "mesh.istioVersion")]
    public void FaultHasPath(string good, string bad, string? path)
    {
        var yaml = Good.Replace("namespace: other", "namespace: vm-integration", StringComparison.Ordinal);
        var at = yaml.IndexOf(good, StringComparison.Ordinal);
        var read = MeshDescriptionReader.Read(yaml[..at] + bad + yaml[(at + good.Length)..]);
        var fault = Assert.Single(read.Errors);
        Assert.Equal(path ?? "groups[1].workloadGroup.name", fault.Path);
    }

    [Fact]
    public void EveryFaultIsReported()
    {
        var yaml = Good.Replace("https://smm", "gopher://smm", StringComparison.Ordinal)
            .Replace("clusterId: demo-cluster", "clusterId: ''", StringComparison.Ordinal)
            .Replace("http: 8080", "http: x", StringComparison.Ordinal);
        var paths = MeshDescriptionReader.Read(yaml).Errors.Select(fault => fault.Path);
        Assert.Equal(["publicUrl", "mesh.clusterId", "groups[0].workloadGroup.ports.http", "groups[1].workloadGroup.ports.http"], paths);
    }

    [Fact]
    public void TokenInPlaceOfItsHashIsNotShown()
    {
        var read = MeshDescriptionReader.Read(Good.Replace(MeshYaml.Sha256(MeshYaml.Token), "the-token-itself", StringComparison.Ordinal));
        Assert.DoesNotContain("the-token-itself", Assert.Single(read.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownKeysAreWarningsWithTheirPath()
    {
        var yaml = Good.Replace("publicUrl:", "colour: blue\npublicUrl:", StringComparison.Ordinal)
            .Replace("serviceAccount: default", "serviceAccount: default\n      serviceAcount: x", StringComparison.Ordinal);
        var warnings = MeshDescriptionReader.Read(yaml).Value!.Warnings;
        Assert.Equal(["colour", "groups[0].workloadGroup.serviceAcount", "groups[1].workloadGroup.serviceAcount"],
            warnings.Select(warning => warning.Split(':')[0]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a: [")]
    [InlineData("a: 1\na: 2")]
    [InlineData("a: 1\n---\nb: 2")]
    [InlineData("- 1")]
    [InlineData("a: &a [*a]")]
    [InlineData("a: *nothing")]
    public void NonMappingIsRefused(string yaml) => Assert.NotEmpty(MeshDescriptionReader.Read(yaml).Errors);

    [Theory]
    [InlineData("a: 1\nb:\n\tc: 2\n", "line 3: ")]
    [InlineData("a: 1\n\tb: 2\n", "line 2: ")]
    [InlineData("a:\n  b: 1\n\tc: 2\n", "line 3: ")]
    [InlineData("a: 1\nb: \"x\nc: 2\n", "line 2: ")]
    [InlineData("a: 1\nb: [1, 2\nc: {x: 3}\n", "line 2: is not valid YAML: the '[' has no closing ']'")]
    [InlineData("a: 1\nb: {x: [1], y: 2\nc: 3\n", "line 2: is not valid YAML: the '{' has no closing '}'")]
    [InlineData("a: 1\nb: 2\na: 3\n", "line 3: 'a' is a duplicate key; the first one is in line 1")]
    [InlineData("a:\n  b: 1\n c: 2\n", "line 3: ")]
    [InlineData("a: 1\nb: @x\n", "line 2: ")]
    public void SyntaxErrorHasLineNumber(string yaml, string message)
    {
        foreach (var text in new[] { yaml, yaml.Replace("\n", "\r\n", StringComparison.Ordinal), "\uFEFF" + yaml })
            Assert.StartsWith(message, Assert.Single(MeshFile.Read(System.Text.Encoding.UTF8.GetBytes(text)).Errors).Reason,
                StringComparison.Ordinal);
    }

    [Fact]
    public void MissingClusterRangesAreAWarning()
    {
        var read = MeshDescriptionReader.Read(new MeshYaml { Head = "publicUrl: https://smm.example.com\n" }.ToString());
        Assert.StartsWith("clusterRanges: is missing", Assert.Single(read.Value!.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void AliasesAreRefused()
    {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 12)
                .Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.Contains("alias", Assert.Single(MeshDescriptionReader.Read(yaml).Errors).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("-07", "-7")]
    [InlineData("1.5", "1.5")]
    [InlineData("1.15.3", "\"1.15.3\"")]
    [InlineData("'1'", "\"1\"")]
    [InlineData("true", "true")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("0x10", "\"0x10\"")]
    [InlineData("123456789012345678901234567890", "1.2345678901234568E+29")]
    public void ScalarsFollowTheCoreSchema(string yaml, string json) =>
        Assert.Equal($$"""{"a":{{json}}}""", System.Text.Encoding.UTF8.GetString(MeshDescriptionYaml.ToJson($"a: {yaml}").Json!));
}
