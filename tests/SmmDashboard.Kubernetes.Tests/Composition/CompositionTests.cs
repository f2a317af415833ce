using CsCheck;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>What holds for all objects: equal bytes on all replicas, and no group is woken by another's change.</summary>
public sealed class CompositionTests
{
    private static readonly Gen<ulong> Seeds = Gen.ULong;

    [Fact]
    public void OrderOfObjectsAndMembersDoesNotMatter()
    {
        var all = Merged();
        var expected = Shown(all.Compose());
        Seeds.Sample(seed => Assert.Equal(expected, Shown(Shuffled(all, seed).Compose())), iter: 30);
    }

    [Fact]
    public void NewReplicaServesTheSameBytesAsAnOldOne()
    {
        // Two group changes and a mesh change, in any order of looking at them, lead to the same bytes.
        Gen.Select(Changes, Changes, Changes).Sample((first, second, third) =>
        {
            var (one, two, three) = (first(Cluster.Upstream), second(first(Cluster.Upstream)), third(second(first(Cluster.Upstream))));
            var old = three.Compose(two.Compose(one.Compose(Cluster.Upstream.Compose())));
            var fresh = three.Compose();
            Assert.Equal(ETags(fresh), ETags(old));
        }, iter: 30);
    }

    [Fact]
    public void ChangeOfOneGroupKeepsTheInstancesOfTheOthers()
    {
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 65535]).Sample((index, port) =>
        {
            var before = Cluster.Upstream.Compose();
            var name = Cluster.Upstream.WorkloadGroups[index].Metadata.Name;
            var after = (Cluster.Upstream with
            {
                WorkloadGroups = Cluster.Upstream.WorkloadGroups.Changed(name, group => group with
                {
                    Spec = group.Spec with
                    {
                        Template =
                        group.Spec.Template with { Ports = new Dictionary<string, long> { ["changed"] = port } }
                    },
                }),
            }).Compose(before);

            foreach (var (id, group) in after.Groups)
            {
                if (id.Name == name)
                    Assert.NotEqual(before.Groups[id].Served!.ETag, group.Served!.ETag);
                else
                    Assert.Same(before.Groups[id].Served, group.Served);
            }
        }, iter: 20);
    }

    [Fact]
    public void ChangeThatNoVmReadsWakesNoRequest()
    {
        var before = Cluster.Upstream.Compose();
        var objects = Cluster.Upstream with
        {
            WorkloadGroups =
                [.. Cluster.Upstream.WorkloadGroups.Select(
                    group => group with { Metadata = group.Metadata.Annotated(
                        "team", "other") with { ResourceVersion = "999", Uid = "other" } })],
            Services =
                [.. Cluster.Upstream.Services.Select(
                    service => service with { Metadata = service.Metadata.Labelled("x", "y") with { ResourceVersion = "999" } })],
            EndpointSlices = [.. Cluster.Upstream.EndpointSlices.Where(slice => slice.Metadata.Name != "istiod-x7k2p")],
        };
        var after = objects.Compose(before);
        Assert.Same(before.Group("vms-plain", "analytics-v0").Served, after.Group("vms-plain", "analytics-v0").Served);
        Assert.Same(before.Group("vms-revision", "orders").Served, after.Group("vms-revision", "orders").Served);
        // of istiod's network: it uses the endpoints
        Assert.NotSame(before.Group("vms-plain", "bare").Served, after.Group("vms-plain", "bare").Served);
    }

    [Fact]
    public void InvalidGroupOrRevisionDoesNotAffectTheOthers()
    {
        var before = Cluster.Upstream.Compose();
        var objects = Cluster.Upstream with
        {
            ConfigMaps = Cluster.Upstream.ConfigMaps.Changed("istio-1-32", map => map with { Data = map.Data with { Mesh = "{" } }),
            Services = Cluster.Upstream.Services.Changed(
                "istio-eastwestgateway",
                service => service with { Status = GatewayTests.Ingress(new LoadBalancerIngress { Ip = "203.0.113.99" }) }),
        };
        var after = objects.Compose(before);
        Assert.Equal(["vms-plain/analytics-v0", "vms-plain/bare"],
            after.Groups.Values.Where(group => group.IsCurrent).Select(group => group.Id.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(["203.0.113.99"], after.Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Single().Addresses);
        Assert.Contains(after.Faults, fault => fault.Source == new ObjectReference("ConfigMap", "istio-system", "istio-1-32"));
    }

    [Fact]
    public void DeletedGroupIsNotServed()
    {
        var before = Cluster.Upstream.Compose();
        var after = (Cluster.Upstream with { WorkloadGroups = Cluster.Upstream.WorkloadGroups.Without("bare") }).Compose(before);
        Assert.DoesNotContain(new GroupId("vms-plain", "bare"), after.Groups.Keys);
    }

    private static Gen<Func<ClusterObjects, ClusterObjects>> Changes { get; } = Gen.OneOf(
        Gen.Int[1, 9].Select(i => (Func<ClusterObjects, ClusterObjects>)(objects => objects with
        {
            Services = objects.Services.Changed(
                "istio-eastwestgateway",
                service => service with { Status = GatewayTests.Ingress(new LoadBalancerIngress { Ip = $"203.0.113.{i}" }) }),
        })),
        Gen.Int[1, 9].Select(i => (Func<ClusterObjects, ClusterObjects>)(objects => objects with
        {
            ConfigMaps = objects.ConfigMaps.Changed("istio", map => map with { Data = map.Data with { Mesh = $"trustDomain: td{i}\n" } }),
        })),
        Gen.Int[1, 9].Select(i => (Func<ClusterObjects, ClusterObjects>)(objects => objects with
        {
            WorkloadGroups = objects.WorkloadGroups.Changed(
                "bare", group => group with { Spec = group.Spec with { Template = new() { Network = $"network{i}" } } }),
        })));

    // Both kinds of control planes in one cluster.
    private static ClusterObjects Merged()
    {
        var (one, two) = (Cluster.Upstream, Cluster.Smm);
        return one with
        {
            Namespaces = [.. one.Namespaces, .. two.Namespaces.Where(ns => ns.Metadata.Name == "vm-integration")],
            ConfigMaps = [.. one.ConfigMaps, .. two.ConfigMaps],
            Services = [.. one.Services, .. two.Services],
            Deployments = [.. one.Deployments, .. two.Deployments],
            MutatingWebhooks = [.. one.MutatingWebhooks, .. two.MutatingWebhooks],
            ValidatingWebhooks = [.. one.ValidatingWebhooks, .. two.ValidatingWebhooks],
            WorkloadGroups = [.. one.WorkloadGroups, .. two.WorkloadGroups],
            IstioControlPlanes = two.IstioControlPlanes,
        };
    }

    private static ClusterObjects Shuffled(ClusterObjects objects, ulong seed)
    {
        var random = new Random(unchecked((int)seed));
        return objects with
        {
            Namespaces = Of(objects.Namespaces),
            ConfigMaps = Of(objects.ConfigMaps),
            Services = [.. Of(objects.Services).Select(service => service with
            {
                Spec = service.Spec with { Ports = Any(service.Spec.Ports) },
                Status = new() { LoadBalancer = new() { Ingress = Any(service.Status.LoadBalancer.Ingress) } },
            })],
            EndpointSlices = Of(objects.EndpointSlices),
            Deployments = Of(objects.Deployments),
            MutatingWebhooks = Of(objects.MutatingWebhooks),
            ValidatingWebhooks = Of(objects.ValidatingWebhooks),
            WorkloadGroups = [.. Of(objects.WorkloadGroups).Select(group => group with
            {
                Spec = group.Spec with
                {
                    Metadata = new() { Labels = Any(group.Spec.Metadata.Labels.ToList()).ToDictionary(),
                        Annotations = group.Spec.Metadata.Annotations },
                    Template = group.Spec.Template with { Ports = Any(group.Spec.Template.Ports.ToList()).ToDictionary() },
                },
            })],
        };

        List<T> Of<T>(IReadOnlyList<T> items)
            where T : KubernetesObject => Any(items);

        List<T> Any<T>(IReadOnlyList<T> items)
        {
            var shuffled = items.ToArray();
            random.Shuffle(shuffled);
            return [.. shuffled];
        }
    }

    private static string Shown(ComposedMesh mesh) => string.Join('\n',
        mesh.Groups.Values.OrderBy(group => group.Id.ToString(), StringComparer.Ordinal)
            .Select(group => $"{group.Id} {group.Served?.ETag} {string.Join(" | ", group.Faults)}")
            .Concat(mesh.Faults.Select(fault => fault.ToString())));

    private static IEnumerable<string> ETags(ComposedMesh mesh) =>
        mesh.Groups.Values.Select(group => $"{group.Id} {group.Served?.ETag}").Order(StringComparer.Ordinal);
}
