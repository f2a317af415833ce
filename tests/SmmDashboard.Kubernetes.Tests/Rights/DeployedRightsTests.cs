using k8s;
using k8s.Models;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Deploy;
using SmmDashboard.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Rights;

/// <summary><c>deploy/kubernetes</c> grants the rights of the list: all of them, and no others.</summary>
public sealed class DeployedRightsTests
{
    [Theory]
    [InlineData("upstream", "istio-ca-root-cert")]
    [InlineData("smm", "istio-ca-root-cert", "istio-ca-root-cert-cp-v117x")]
    public async Task AnOverlayGrantsExactlyTheRightsOfTheList(string overlay, params string[] rootCertificates)
    {
        using var manifests = new Manifests();
        var rendered = await manifests.RenderAsync($"overlays/{overlay}");

        var needed = DashboardRights.All(new("smm-dashboard", ["istio-system"], [], rootCertificates, [new ServiceAccount("vm-integration", "analytics")]));

        Assert.Equal(
            needed.SelectMany(right => right.Verbs.Select(verb => Text(right.Namespace, right.Group, right.Resource, right.Name, verb))).Distinct().Order(StringComparer.Ordinal),
            Granted(rendered).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A gateway in a namespace of its own, named with --gateway.</summary>
    [Fact]
    public async Task TheComponentForAGatewaysNamespaceGrantsExactlyItsRights()
    {
        using var manifests = new Manifests();
        manifests.Write("overlays/gateway/kustomization.yaml", "namespace: gateways\ncomponents: [../../components/gateway-namespace]\n");

        Assert.Equal(
            DashboardRights.OfGatewayNamespace("gateways").SelectMany(right => right.Verbs.Select(verb => Text(right.Namespace, right.Group, right.Resource, right.Name, verb))),
            Granted(await manifests.RenderAsync("overlays/gateway")));
    }

    private static IEnumerable<string> Granted(IReadOnlyList<Manifest> rendered)
    {
        var bindings = rendered.Where(one => one.Kind is "ClusterRoleBinding" or "RoleBinding").Select(one => (one.Namespace, Role: Typed<V1RoleBinding>(one).RoleRef)).ToList();
        Assert.NotEmpty(bindings);
        return
        [
            .. from binding in bindings
               let role = rendered.Single(one => one.Kind == binding.Role.Kind && one.Name == binding.Role.Name && (one.Kind == "ClusterRole" || one.Namespace == binding.Namespace))
               from rule in Typed<V1Role>(role).Rules
               from @group in rule.ApiGroups
               from resource in rule.Resources
               from name in rule.ResourceNames ?? [null]
               from verb in rule.Verbs
               select Text(binding.Namespace, @group, resource, name, verb),
        ];
    }

    private static T Typed<T>(Manifest manifest) => KubernetesYaml.Deserialize<T>(manifest.Yaml);

    private static string Text(string? @namespace, string group, string resource, string? name, string verb) =>
        $"{verb} {resource}.{group} {name ?? "*"} in {@namespace ?? "the cluster"}";
}
