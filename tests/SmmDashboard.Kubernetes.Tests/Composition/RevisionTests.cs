using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>Which control plane a group belongs to.</summary>
public sealed class RevisionTests
{
    [Theory]
    [InlineData(null, null, "default")]
    [InlineData("", null, "default")]
    [InlineData("default", null, "default")]
    [InlineData("1-32", null, "1-32")]
    [InlineData("prod-stable", null, "1-32")]
    [InlineData("1-32", "default", "default")] // the object's own label is nearer than the namespace's
    [InlineData(null, "1-32", "1-32")]
    public void GroupLabelWinsOverNamespaceLabel(string? ofNamespace, string? ofGroup, string revision)
    {
        var group = Labelled(Cluster.Upstream, ofNamespace, ofGroup).Compose().Group("vms-plain", "bare");
        Assert.Equal(revision, group.Plane!.Revision);
        Assert.Empty(group.Faults);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void TagIsAServiceOrAWebhook(bool hasService, bool hasWebhook)
    {
        var objects = Cluster.Upstream with
        {
            Services = hasService ? Cluster.Upstream.Services : Cluster.Upstream.Services.Without("istiod-revision-tag-prod-stable"),
            MutatingWebhooks = hasWebhook ? Cluster.Upstream.MutatingWebhooks
                : Cluster.Upstream.MutatingWebhooks.Without("istio-revision-tag-prod-stable"),
        };
        Assert.Equal("1-32", objects.Compose().Group("vms-tag", "legacy").Plane!.Revision);
    }

    [Fact]
    public void MissingTagIsReportedWithTheKnownOnes()
    {
        var objects = Cluster.Upstream with
        {
            Services = Cluster.Upstream.Services.Without("istiod-revision-tag-prod-stable"),
            MutatingWebhooks = Cluster.Upstream.MutatingWebhooks.Without("istio-revision-tag-prod-stable"),
        };
        var before = Cluster.Upstream.Compose();
        var group = objects.Compose(before).Group("vms-tag", "legacy");

        Assert.Same(before.Group("vms-tag", "legacy").Served, group.Served);
        Assert.False(group.IsCurrent);
        Assert.Equal(
            "WorkloadGroup vms-tag/legacy: its namespace vms-tag asks for revision 'prod-stable', which no control plane or tag has; known "
                + "are 1-32, default: "
            + "kubectl label namespace vms-tag istio.io/rev=REVISION --overwrite",
            Assert.Single(group.Faults).ToString());
    }

    [Theory]
    [InlineData("istio-revision-tag-default", "default", "1-32", "1-32")]
    [InlineData("istio-revision-tag-default-other", null, "1-32", "1-32")]
    [InlineData("istio-revision-tag-default", "default", "default", "default")]
    [InlineData("istio-revision-tag-default", "default", "prod-stable", "1-32")] // a tag of a tag
    public void TagMovesTheDefault(string name, string? tag, string revision, string resolved)
    {
        var webhook = new WebhookConfiguration
        {
            Metadata = new ObjectMeta { Name = name }.Labelled("istio.io/tag", tag)
            .Labelled("istio.io/rev", revision)
        };
        var objects = Cluster.Upstream with { MutatingWebhooks = [.. Cluster.Upstream.MutatingWebhooks, webhook] };
        Assert.Equal(resolved, objects.Compose().Group("vms-plain", "bare").Plane!.Revision);
        Assert.Equal(resolved, Labelled(objects, "default", null).Compose().Group("vms-plain", "bare").Plane!.Revision);
    }

    [Fact]
    public void DefaultComesFromTheValidatorOrTheOption()
    {
        var validator = new WebhookConfiguration
        {
            Metadata = new ObjectMeta { Name = "istiod-default-validator" }.Labelled(
            "istio.io/rev", "1-32")
        };
        var objects = Cluster.Upstream with { ValidatingWebhooks = [validator] };
        Assert.Equal("1-32", objects.Compose().Group("vms-plain", "bare").Plane!.Revision);
        Assert.Equal("1-32", Cluster.Upstream.Compose(options: new() { DefaultRevision = "prod-stable" })
            .Group("vms-plain", "bare").Plane!.Revision);
        Assert.Contains("option --revision asks for revision 'nope'",
            Cluster.Upstream.Compose(options: new() { DefaultRevision = "nope" }).Group("vms-plain", "bare").Faults.Single().Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "b", "a")]
    [InlineData("a", "a")]
    public void CircularTagsAreReported(params string[] chain)
    {
        var tags = chain.SkipLast(1).Zip(chain.Skip(1), (tag, revision) => new WebhookConfiguration
        {
            Metadata = new ObjectMeta { Name = $"istio-revision-tag-{tag}" }.Labelled("istio.io/tag", tag)
                .Labelled("istio.io/rev", revision),
        });
        var objects = Labelled(Cluster.Upstream, "a", null) with { MutatingWebhooks = [.. tags] };
        var fault = objects.Compose().Group("vms-plain", "bare").Faults.Single();
        Assert.Contains($"asks for revision 'a', a tag that leads back to itself ({string.Join(" -> ", chain)})", fault.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void CircularDefaultTagWithoutAControlPlaneIsReported()
    {
        var webhook = new WebhookConfiguration
        {
            Metadata = new ObjectMeta { Name = "istio-revision-tag-default" }.Labelled(
            "istio.io/rev", "default")
        };
        var objects = Cluster.Upstream with { MutatingWebhooks = [webhook], ConfigMaps = Cluster.Upstream.ConfigMaps.Without("istio") };
        Assert.Contains("leads back to itself (default -> default)", objects.Compose().Group("vms-plain", "bare").Faults.Single().Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ConflictingTagObjectsAreReportedAndTheServiceCounts()
    {
        var objects = Cluster.Upstream with
        {
            MutatingWebhooks = Cluster.Upstream.MutatingWebhooks.Changed("istio-revision-tag-prod-stable",
                webhook => webhook with { Metadata = webhook.Metadata.Labelled("istio.io/rev", "default") }),
        };
        var composed = objects.Compose();
        Assert.Equal("1-32", composed.Group("vms-tag", "legacy").Plane!.Revision);
        var fault = Assert.Single(composed.Faults);
        Assert.Equal((FaultReasons.RevisionAmbiguous, false), (fault.Reason, fault.Blocks));
        Assert.StartsWith("MutatingWebhookConfiguration istio-revision-tag-prod-stable: says that tag 'prod-stable' is revision 'default'",
            fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void OperatorRevisionEndsWithItsNamespace()
    {
        var smm = Cluster.Smm;
        Assert.Equal("cp-v117x", smm.Compose().Group("vm-integration", "analytics-v0").Plane!.Revision);

        // Istio itself would not take the short name for this control plane either.
        var shortName = smm with
        {
            Namespaces = smm.Namespaces.Changed(
            "vm-integration", ns => ns with { Metadata = ns.Metadata.Labelled("istio.io/rev", "cp-v117x") })
        };
        Assert.Contains("known are cp-v117x.istio-system",
            shortName.Compose().Group("vm-integration", "analytics-v0").Faults.Single().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnreadNamespaceDoesNotCountAsUnlabelled()
    {
        var fault = (Cluster.Upstream with { Namespaces = [] }).Compose().Group("vms-revision", "orders").Faults.Single();
        Assert.Contains("kubectl get namespace vms-revision", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SearchedNamespaceIsNamedWithoutAnyControlPlane()
    {
        var fault = Cluster.Upstream.Compose(options: new() { IstioNamespaces = ["istio-other"] })
            .Group("vms-plain", "bare").Faults.Single();
        Assert.Contains(
            "no control plane was found at all (a ConfigMap with the label istio.io/rev and the key mesh) in namespace istio-other",
            fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FirstNamespaceWinsForControlPlanesOfTheSameRevision()
    {
        var second = Cluster.Upstream.ConfigMaps.Single(map => map.Metadata.Name == "istio");
        var objects = Cluster.Upstream
            with
        {
            ConfigMaps = [.. Cluster.Upstream.ConfigMaps,
                second with { Metadata = second.Metadata with { Namespace = "a-second" } }]
        };
        var composed = objects.Compose(options: new() { IstioNamespaces = ["istio-system", "a-second"] });
        Assert.Equal("istio-system", composed.Group("vms-plain", "bare").Plane!.Namespace);
        Assert.StartsWith("ConfigMap a-second/istio: has revision 'default' as ConfigMap istio-system/istio has, which counts",
            Assert.Single(composed.Faults).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void GroupLabelledWithATagIsReportedAsUnseenByIstiod()
    {
        var group = Labelled(Cluster.Upstream, null, "prod-stable").Compose().Group("vms-plain", "bare");
        Assert.True(group.IsCurrent);
        var fault = Assert.Single(group.Faults);
        Assert.Equal(FaultReasons.NotSeenByIstiod, fault.Reason);
        Assert.Contains("kubectl -n vms-plain label workloadgroup bare istio.io/rev-", fault.Message, StringComparison.Ordinal);
    }

    private static ClusterObjects Labelled(ClusterObjects objects, string? ofNamespace, string? ofGroup) => objects with
    {
        Namespaces = objects.Namespaces.Changed(
            "vms-plain", ns => ns with { Metadata = ns.Metadata.Labelled("istio.io/rev", ofNamespace) }),
        WorkloadGroups = objects.WorkloadGroups.Changed(
            "bare", group => group with { Metadata = group.Metadata.Labelled("istio.io/rev", ofGroup) }),
    };
}
