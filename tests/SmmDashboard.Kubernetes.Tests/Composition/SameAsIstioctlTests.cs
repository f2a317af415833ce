using System.Net;
using System.Text.Json.Nodes;
using SmmAgent.Core.Sidecar.Configuration;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>The composed configuration, rendered by the agent, against what Istio's own command writes from the same objects.</summary>
public sealed class SameAsIstioctlTests
{
    [Theory]
    [InlineData("vms-plain", "analytics-v0", "192.0.2.10", false, "")]
    [InlineData("vms-revision", "orders", "192.0.2.11", false, "ISTIO_SVC_IP")] // istioctl had no address
    [InlineData("vms-tag", "legacy", "192.0.2.13", true, "")]
    public void GroupFilesEqualThoseOfIstioctl(string @namespace, string name, string address, bool isExternal, string added)
    {
        var served = Cluster.Upstream.Compose().Group(@namespace, name);
        Assert.Empty(served.Faults);

        var files = Render(served.Served!, address, isExternal);
        var expected = $"Oracles/upstream/expected/{@namespace}.{name}";
        Assert.Equal(Variables(Cluster.File($"{expected}/cluster.env"), []),
            Variables(File(files, SidecarFiles.ClusterEnvironment), added.Split(' ')));
        Assert.True(
            JsonNode.DeepEquals(Tree(Cluster.File($"{expected}/mesh.yaml")), Tree(File(files, SidecarFiles.MeshFile))),
            File(files, SidecarFiles.MeshFile));
        Assert.Equal(Cluster.File($"{expected}/root-cert.pem"), File(files, SidecarFiles.RootCertificate));

        // istioctl takes the first address of the gateway only.
        var line = Cluster.File($"{expected}/hosts").TrimEnd('\n');
        Assert.Equal([line, line.Replace("198.51.100.10", "198.51.100.11", StringComparison.Ordinal)], files.Hosts);
    }

    [Fact]
    public void GroupWithoutMetadataIsServedAlthoughIstioctlPanics()
    {
        var served = Cluster.Upstream.Compose().Group("vms-plain", "bare");
        Assert.Empty(served.Faults);

        var environment = File(Render(served.Served!, "192.0.2.12", isExternal: false), SidecarFiles.ClusterEnvironment);
        Assert.Contains("SERVICE_ACCOUNT='default'\n", environment, StringComparison.Ordinal);
        Assert.Contains("CANONICAL_SERVICE='bare'\n", environment, StringComparison.Ordinal);
        Assert.Contains("ISTIO_INBOUND_PORTS='*'\n", environment, StringComparison.Ordinal);
    }

    private static SidecarConfiguration Render(ServedGroup served, string address, bool isExternal)
    {
        var gateways = served.Config.MeshExpansionGateways.SelectMany(gateway => gateway.Addresses).Select(IPAddress.Parse);
        var host = new SidecarHost(IPAddress.Parse(address), isExternal, [.. gateways]);
        var rendered = SidecarFiles.Render(served.Config, host, SidecarOptions.AsIstioctl with { AutoRegister = true });
        Assert.Empty(rendered.Errors);
        return rendered.Value!;
    }

    private static string File(SidecarConfiguration configuration, string path) =>
        configuration.Files.Single(file => file.Path == path).Content;

    private static JsonNode Tree(string yaml) => JsonNode.Parse(MeshDescriptionYaml.ToJson(yaml).Json!)!;

    // One line for each variable; the order of ports means nothing.
    private static string Variables(string environment, string[] without) => string.Join('\n', environment
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !without.Contains(line[..line.IndexOf('=', StringComparison.Ordinal)]))
        .Select(line => line.StartsWith("ISTIO_INBOUND_PORTS=", StringComparison.Ordinal)
            ? string.Join(',', line["ISTIO_INBOUND_PORTS='".Length..^1].Split(',').Order(StringComparer.Ordinal))
            : line));
}
