using System.Globalization;
using System.Text.Json;
using SmmDashboard.Kubernetes.Objects;
using static SmmDashboard.Kubernetes.Tests.Composition.BadInputTests;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>WorkloadGroups that break a rule: the last good configuration stays, and the fault names the member and the fix.</summary>
public sealed class InvalidWorkloadGroupTests
{
    private const string EditGroup = "kubectl -n vms-revision edit workloadgroup orders";

    public static TheoryData<string, string, string> Specs => new()
    {
        { """{"template":{"ports":{"http":0}}}""", "spec.template.ports.http: 0 is not a TCP port (1-65535)", EditGroup },
        { """{"template":{"ports":{"http":70000}}}""", "spec.template.ports.http: 70000 is not a TCP port (1-65535)", EditGroup },
        { """{"template":{"ports":{"Not_A_Name":80}}}""", "spec.template.ports: 'Not_A_Name' is not an RFC 1123 label", EditGroup },
        { """{"template":{"serviceAccount":"No Account"}}""", "spec.template.serviceAccount: 'No Account' is not an RFC 1123 name",
            EditGroup },
        { """{"template":{"labels":{"a b":"c"}}}""", "spec.template.labels 'a b' is not the name of a label", EditGroup },
        { """{"template":{"labels":{"UPPER.example/a":"c"}}}""", "'UPPER.example/a' is not the name of a label", EditGroup },
        { """{"metadata":{"labels":{"app":"no spaces"}}}""",
            "spec.metadata.labels 'app' has the value 'no spaces', which no label can have", EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"a: ["}}}""", "spec.metadata.annotations['proxy.istio.io/config']: line ",
            EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"discoveryAddress: x"}}}""",
            "discoveryAddress 'x' is not of the form HOST:PORT", EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"{\"proxyMetadata\":{\"LD_PRELOAD\":\"x\"}}"}}}""",
            "proxyMetadata 'LD_PRELOAD' would change", EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"proxyMetadata: {A: 1}"}}}""",
            "proxyMetadata.A is not a string: put the value in quotes", EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"proxy_metadata: [a]"}}}""",
            "proxyMetadata is not an object of names and strings", EditGroup },
        { """{"metadata":{"annotations":{"proxy.istio.io/config":"a: [[[[[[[[[1]]]]]]]]]"}}}""", "is nested more than 8 levels deep",
            EditGroup },
        { """{"probe":"text"}""", "spec.probe: is a string, not an object", EditGroup },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void InvalidWorkloadGroupIsReported(string spec, string reason, string fix)
    {
        var parsed = JsonSerializer.Deserialize(spec, KubernetesJson.Default.WorkloadGroupSpec)!;
        Refuses(WithGroup(group => group with { Spec = parsed }), new("WorkloadGroup", "vms-revision", "orders"), reason, fix);
    }

    [Fact]
    public void OversizedWorkloadGroupIsReported()
    {
        var many = Enumerable.Range(0, 20_000)
            .ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"example.com/label-{i:D6}"), _ => new string('v', 63));
        Refuses(
            WithGroup(group => group with { Spec = group.Spec with { Metadata = new() { Labels = many } } }),
            new("WorkloadGroup", "vms-revision", "orders"), "is larger than 1048576 bytes", EditGroup);

        var ports = Enumerable.Range(1, 5_000).ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"p{i}"), i => (long)i);
        Refuses(
            WithGroup(group => group with { Spec = group.Spec with { Template = group.Spec.Template with { Ports = ports } } }),
            new("WorkloadGroup", "vms-revision", "orders"), "5000 ports for 0 sources are more than 4096 pairs", EditGroup);
    }

    [Theory]
    [InlineData("""{"metadata":null,"spec":null}""")]
    [InlineData("""{"metadata":{"labels":null,"annotations":null,"name":null},"spec":{"template":null,"metadata":null,"probe":null}}""")]
    [InlineData(
        """{"metadata":{"name":"n","namespace":"vms-plain","labels":{"a":null}},"spec":{"template":{"labels":{"x":null},"ports":null,"unknown":[1,{}]}},"status":{"x":1}}""")]
    public void NullsAndUnknownMembersAreAccepted(string json)
    {
        var group = JsonSerializer.Deserialize(json, KubernetesJson.Default.WorkloadGroupObject)!;
        var composed = (Cluster.Upstream with { WorkloadGroups = [.. Cluster.Upstream.WorkloadGroups, group] }).Compose();
        Assert.Equal(5, composed.Groups.Count);
    }

    [Fact]
    public void GroupThatWasNeverValidIsNotServed()
    {
        var objects = WithGroup(
            group => group with { Spec = group.Spec with { Template = new() { Ports = new Dictionary<string, long> { ["http"] = 0 } } } });
        var group = objects.Compose().Group("vms-revision", "orders");
        Assert.Null(group.Served);
        Assert.False(group.IsCurrent);
        Assert.NotEmpty(group.Faults);
    }

    [Fact]
    public void CorrectedGroupIsServedAgain()
    {
        var before = Cluster.Upstream.Compose();
        var bad =
            WithGroup(
                group => group with
                {
                    Spec =
                    group.Spec with { Template = new() { Ports = new Dictionary<string, long> { ["http"] = 0 } } }
                }).Compose(before);
        var good =
            WithGroup(
                group => group with
                {
                    Spec = group.Spec
                    with
                    { Template = group.Spec.Template with { Ports = new Dictionary<string, long> { ["http"] = 81 } } }
                }).Compose(bad);
        Assert.Equal(81, good.Group("vms-revision", "orders").Served!.Config.WorkloadGroup.Ports["http"]);
        Assert.Empty(good.Group("vms-revision", "orders").Faults);
        Assert.Same(before.Group("vms-revision", "orders").Served, Cluster.Upstream.Compose(bad).Group("vms-revision", "orders").Served);
    }
}
