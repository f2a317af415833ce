using System.Globalization;
using System.Text.Json;
using CsCheck;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>
/// Objects that break a rule: the last good configuration stays, and the fault names the object, the value, the reason and the fix.
/// </summary>
public sealed class BadInputTests
{
    private const string EditMesh = "kubectl -n istio-system edit configmap istio-1-32";

    [Theory]
    [InlineData("a: [", "is not valid YAML")]
    [InlineData("\"a\0", "is not valid YAML")]
    [InlineData("- a", "is a list, not an object")]
    [InlineData("text", "is a single value, not an object")]
    [InlineData("a: 1\n---\nb: 2", "line 2: begins a second document")]
    [InlineData("a: &x 1\nb: *x", "line 1: uses a YAML anchor or alias")]
    [InlineData("<<: *x", "line 1: uses a YAML anchor or alias")]
    [InlineData("a: !!binary aGk=", "line 1: uses a YAML tag")]
    [InlineData("? [a, b]\n: c", "line 1: has a list or a section as a key")]
    [InlineData("a: 1\na: 2", "line 2: 'a' is a duplicate key")]
    [InlineData("a: 0x10", "line 1: '0x10' can be read as several numbers")]
    [InlineData("defaultConfig: text", "mesh.defaultConfig: is a string, not an object")]
    [InlineData("defaultConfig: {discoveryAddress: 'no port'}",
        "mesh.defaultConfig.discoveryAddress: 'no port' is not of the form HOST:PORT")]
    [InlineData("defaultConfig: {proxyMetadata: {PATH: /tmp}}", "mesh.defaultConfig.proxyMetadata: 'PATH' would change what the shell")]
    [InlineData("defaultConfig: {proxyMetadata: {A: true}}", "mesh.defaultConfig.proxyMetadata.A: is a truth value, not a string")]
    [InlineData("trustDomain: 'not a domain'", "mesh.trustDomain: 'not a domain' is neither an IP address nor a DNS name")]
    public void InvalidMeshConfigIsReported(string yaml, string reason)
    {
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed("istio-1-32", map => map with { Data = map.Data with { Mesh = yaml } }),
        };
        Refuses(objects, new("ConfigMap", "istio-system", "istio-1-32"), reason, EditMesh);
    }

    [Theory]
    [InlineData(200_000, 0)] // deep
    [InlineData(0, 200_000)] // long
    [InlineData(0, 1_200_000)] // too many bytes
    public void OversizedOrDeepMeshConfigIsRefusedQuickly(int depth, int items)
    {
        // no closing brackets: it never gets there
        var yaml = "a: " + new string('[', depth) + string.Concat(Enumerable.Repeat("\n- 1", items));
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed("istio-1-32", map => map with { Data = map.Data with { Mesh = yaml } }),
        };
        Refuses(objects, new("ConfigMap", "istio-system", "istio-1-32"), depth > 0 ? "is nested more than 32 levels deep"
            : items > 1_000_000 ? "is longer than" : "has more than 100000 values", EditMesh);
    }

    [Fact]
    public void AnyConfigMapTextLeavesTheCompositionRunning()
    {
        var before = Cluster.Upstream.Compose();
        var mesh = Cluster.Upstream.ConfigMaps.Single(map => map.Metadata.Name == "istio-1-32").Data.Mesh!;
        string[] inserted = ["\0", "\"", "'", "{", "[", "- ", "? ", "&a ", "*a", "!x ", "|\n", ">\n", "%", "\t", "\n---\n", "...", "\ud800",
            "\ufeff", ": ", "#", "`", "@", "1e999", "\u2028"];
        Gen.Select(Gen.Int[0, mesh.Length], Gen.Int[0, mesh.Length], Gen.Int[0, inserted.Length - 1]).Sample((at, end, what) =>
        {
            var text = mesh[..at] + inserted[what] + mesh[Math.Max(at, end)..];
            var after = (Cluster.Upstream with
            {
                ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                    "istio-1-32", map => map with { Data = map.Data with { Mesh = text, MeshNetworks = text, Values = text } }),
            }).Compose(before);
            Assert.All(after.Groups.Values, group => Assert.NotNull(group.Served));
        }, iter: 150);
    }

    [Fact]
    public void InvalidOtherKeyOfAnIstioConfigMapIsReported()
    {
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio-sidecar-injector-1-32", map => map with { Data = new() { Values = "{" } }),
        };
        Refuses(objects, new("ConfigMap", "istio-system", "istio-sidecar-injector-1-32"), "its key values",
            "edit configmap istio-sidecar-injector-1-32");

        objects = Cluster.Upstream with
        {
            Namespaces = Cluster.Upstream.Namespaces.Changed(
                "istio-system", ns => ns with { Metadata = ns.Metadata.Labelled("topology.istio.io/network", null) }),
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio-1-32", map => map with { Data = map.Data with { MeshNetworks = "networks: [" } }),
        };
        Refuses(objects, new("ConfigMap", "istio-system", "istio-1-32"), "its key meshNetworks is wrong in line 2: is not valid YAML",
            EditMesh);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("rubbish", "has no certificate in PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has a certificate that cannot be decoded")]
    public void InvalidRootCertificateIsReported(string pem, string reason)
    {
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed(
                "istio-ca-root-cert", map => map with { Data = new() { RootCertificate = pem } }, "vms-revision"),
        };
        Refuses(objects, new("ConfigMap", "vms-revision", "istio-ca-root-cert"), reason, "edit configmap istio-ca-root-cert");
    }

    [Fact]
    public void TenThousandGatewayAddressesAreReported()
    {
        var ingress = Enumerable.Range(0, 10_000).Select(i => new LoadBalancerIngress { Ip = $"10.0.{i / 256}.{i % 256}" }).ToArray();
        var objects = Cluster.Upstream with
        {
            Services = Cluster.Upstream.Services.Changed(
                "istio-eastwestgateway", service => service with { Status = GatewayTests.Ingress(ingress) }),
        };
        Refuses(objects, new("Service", "istio-system", "istio-eastwestgateway"),
            "have 40000 pairs of an address and a port, more than 4096", "kubectl -n istio-system edit service istio-eastwestgateway");
    }

    [Fact]
    public void ThousandsOfFaultsOfOneObjectAreSummarized()
    {
        var labels = Enumerable.Range(0, 5_000).ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"bad label {i}"), _ => "");
        var group = WithGroup(group => group with { Spec = group.Spec with { Metadata = new() { Labels = labels } } }).Compose()
            .Group("vms-revision", "orders");
        Assert.Equal(21, group.Faults.Count);
        Assert.Equal("WorkloadGroup vms-revision/orders: has 4980 more faults: correct those above first", group.Faults[^1].ToString());
        Assert.True(group.Faults[^1].Blocks);

        var ingress = Enumerable.Range(0, 10_000).Select(i => new LoadBalancerIngress { Hostname = $"no_name_{i}" }).ToArray();
        var composed = (Cluster.Upstream with
        {
            Services = Cluster.Upstream.Services.Changed(
                "istio-eastwestgateway", service => service with { Status = GatewayTests.Ingress(ingress) }),
        }).Compose();
        Assert.Contains(composed.Faults, fault => fault.Message.StartsWith("its address 'no_name_0' is neither", StringComparison.Ordinal)
            && fault.Message.Contains("and is left out, as are 9999 more that are none", StringComparison.Ordinal));
        Assert.True(composed.Faults.Count < 10);
    }

    [Fact]
    public void InvalidServicePortIsReported()
    {
        var objects = Cluster.Upstream with
        {
            Services = Cluster.Upstream.Services.Changed("istio-eastwestgateway", service => service with
            {
                Spec = service.Spec with { Ports = [.. service.Spec.Ports, new() { Name = "Bad_Name", Port = 99999 }] },
            }),
        };
        Refuses(objects, new("Service", "istio-system", "istio-eastwestgateway"), "'Bad_Name' is not an RFC 1123 label",
            "edit service istio-eastwestgateway");
    }

    [Fact]
    public void InvalidEndpointAddressIsReported()
    {
        var objects = Cluster.Upstream with
        {
            EndpointSlices = Cluster.Upstream.EndpointSlices.Changed(
                "istiod-x7k2p", slice => slice with { Endpoints = [new() { Addresses = ["not an address"] }] }),
        };
        Refuses(objects, new("Service", "istio-system", "istiod"), "'not an address' is neither an IP address nor a DNS name",
            "edit service istiod", "vms-plain", "bare");
    }

    [Fact]
    public void InvalidOptionIsReportedAsAnOption()
    {
        var fault = Cluster.Upstream.Compose(options: new() { ClusterSources = ["10.0.0.1/8"] }).Group("vms-plain", "bare").Faults.Single();
        Assert.Contains("clusterSources[0]: '10.0.0.1/8' is not a CIDR block", fault.Message, StringComparison.Ordinal);
        Assert.Contains("It is an option of smm-dashboard", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LastAppliedAnnotationIsNotKept()
    {
        var service = JsonSerializer.Deserialize(
            """{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"}},"spec":{"ports":[null,{"port":1}]}}""", KubernetesJson.Default.Service)!;
        Assert.Equal(["a"], service.Metadata.Annotations.Keys);
        Assert.Single(service.Spec.Ports);
    }

    internal static ClusterObjects WithGroup(Func<WorkloadGroupObject, WorkloadGroupObject> change) =>
        Cluster.Upstream with { WorkloadGroups = Cluster.Upstream.WorkloadGroups.Changed("orders", change) };

    /// <summary>One blocking fault, and what was good before is served on.</summary>
    internal static void Refuses(
        ClusterObjects objects, ObjectReference source, string reason, string fix, string @namespace = "vms-revision",
        string name = "orders")
    {
        var before = Cluster.Upstream.Compose();
        var group = objects.Compose(before).Group(@namespace, name);
        Assert.Same(before.Group(@namespace, name).Served, group.Served);
        Assert.False(group.IsCurrent);

        var fault = Assert.Single(
            group.Faults, fault => fault.Blocks && fault.Source == source && fault.Message.Contains(reason, StringComparison.Ordinal));
        Assert.Contains(fix, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(group.Faults, fault => fault.Message.Length > 500 || fault.Message.Any(char.IsControl));
    }
}
