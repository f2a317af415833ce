using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class ProxyConfigTests
{
    private const string At = "workloadGroup.metadataAnnotations['proxy.istio.io/config']";

    [Theory]
    [InlineData("[a, b]", ": is a list, not an object")]
    [InlineData("just words", ": is a single value, not an object")]
    [InlineData("proxyMetadata: [A]", ".proxyMetadata: is not an object of names and strings")]
    [InlineData("proxyMetadata:\n  BASH_ENV: /tmp/x", ".proxyMetadata: 'BASH_ENV' would change what the shell")]
    [InlineData("proxy_metadata:\n  BASH_ENV: /tmp/x", ".proxyMetadata: 'BASH_ENV' would change what the shell")]
    [InlineData("proxyMetadata:\n  'A B': c", ".proxyMetadata: 'A B' is not the name of an environment variable")]
    [InlineData("proxyMetadata:\n  A: 1", ".proxyMetadata.A: is not a string: put the value in quotes")]
    [InlineData("proxyMetadata:\n  A: \"x\\ny\"", ".proxyMetadata.A: 'x?y' has a line break")]
    [InlineData("proxyMetadata:\n  A: |\n    x\n    y", ".proxyMetadata.A: 'x?y' has a line break")]
    [InlineData("proxyMetadata:\n  PROXY_UID: 0 -j ACCEPT", ".proxyMetadata.PROXY_UID: '0 -j ACCEPT' is not a list of users")]
    [InlineData("proxyMetadata:\n  ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE: \"1 -j RETURN\\n-I INPUT -j ACCEPT\"",
        ".proxyMetadata.ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE: '1 -j RETURN?-I INPUT -j ACCEPT' has a line break")]
    [InlineData("proxyMetadata:\n  A: yes", ".proxyMetadata.A: is not a string: put the value in quotes")]
    [InlineData("concurrency: 0x10", ": line 1: '0x10' can be read as several numbers")]
    [InlineData("concurrency: 1\nconcurrency: 2", ": line 2: 'concurrency' is there twice")]
    [InlineData("a: &x 1\nb: *x", ": line 1: uses a YAML anchor or alias")]
    [InlineData("{a: [[[[[[[[[[b]]]]]]]]]]}", ": line 1: is nested more than")]
    [InlineData("{\"proxyMetadata\":", ": line 2: ")]
    [InlineData("discoveryAddress: nowhere", ".discoveryAddress: 'nowhere' is not of the form HOST:PORT")]
    public void InvalidAnnotationIsRefusedWithItsPlace(string text, string fault)
    {
        var result = SidecarFiles.Render(SidecarSamples.WithAnnotation(text), SidecarSamples.Host, SidecarOptions.AsIstioctl);
        Assert.StartsWith(At + fault, Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("proxyMetadata: null")]
    [InlineData("proxyMetadata: {}")]
    public void EmptyAnnotationChangesNothing(string text) => Assert.Equal(
        SidecarSamples.Render(SidecarSamples.Config).Files, SidecarSamples.Render(SidecarSamples.WithAnnotation(text)).Files);

    [Fact]
    public void AnnotationLargerThanKubernetesAllowsIsRefused()
    {
        var result = SidecarFiles.Render(
            SidecarSamples.WithAnnotation(new string(' ', 300_000)), SidecarSamples.Host, SidecarOptions.AsIstioctl);
        Assert.Contains("is longer than", Assert.Single(result.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void AnnotationReplacesAWholeMemberAndOnlyMetadataIsMerged()
    {
        var config = SidecarSamples.WithDefaultConfig(new()
        {
            ["discoveryAddress"] = "istiod-cp-v115x.istio-system.svc:15012",
            ["proxyMetadata"] = new System.Text.Json.Nodes.JsonObject { ["A"] = "mesh", ["B"] = "mesh" },
            ["tracing"] = new System.Text.Json.Nodes.JsonObject { ["sampling"] = 1, ["maxPathTagLength"] = 2 },
        });
        var annotations = new Dictionary<string,
            string>
        { ["proxy.istio.io/config"] = "proxyMetadata: {B: group}\ntracing: {sampling: 3}" };
        var mesh = SidecarSamples.Render(config with { WorkloadGroup = config.WorkloadGroup with { MetadataAnnotations = annotations } })
            .File(SidecarFiles.MeshFile);

        Assert.Contains("\n    A: mesh\n    B: group\n", mesh, StringComparison.Ordinal);
        Assert.EndsWith("\n  tracing:\n    sampling: 3\n", mesh, StringComparison.Ordinal);
    }

    [Fact]
    public void PropertiesOfTheWorkloadCannotBeSetByMetadata()
    {
        var environment = SidecarSamples.Render(
            SidecarSamples.WithMetadata(("ISTIO_NAMESPACE", "other; reboot"), ("ISTIO_SVC_IP", "$(reboot)"), ("ISTIO_SERVICE", "`x`")))
            .File(SidecarFiles.ClusterEnvironment);
        Assert.Contains("ISTIO_NAMESPACE='vm-integration'\n", environment, StringComparison.Ordinal);
        Assert.Contains("ISTIO_SVC_IP='3.67.91.181'\n", environment, StringComparison.Ordinal);
        Assert.Contains("ISTIO_SERVICE='analytics-v0.vm-integration'\n", environment, StringComparison.Ordinal);
    }

    [Fact]
    public void ValueThatNoVariableCanHaveIsRefused()
    {
        Assert.Equal($"{At}.proxyMetadata.A: 'x?y' has a NUL character, which is not allowed in any value",
            Fault(SidecarSamples.WithAnnotation("proxyMetadata: {A: \"x\\0y\"}")));
        Assert.StartsWith("A: is longer than the 131071 bytes", Fault(SidecarSamples.WithMetadata(("A", new string('\u00fc', 65_535)))),
            StringComparison.Ordinal);
        SidecarSamples.Render(SidecarSamples.WithMetadata(("A", new string('\u00fc', 65_534))));

        static string Fault(MeshConfig config) =>
            Assert.Single(SidecarFiles.Render(config, SidecarSamples.Host, SidecarOptions.AsIstioctl).Errors).ToString();
    }
}
