using k8s;
using k8s.Models;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Startup;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>What kubectl makes of each overlay, and of components together.</summary>
public sealed class RenderingTests
{
    private static readonly string[] Exposures = ["", "expose-load-balancer", "expose-istio-gateway", "expose-gateway-api"];
    private static readonly string[] Certificates = ["", "tls-cert-manager", "tls-secret"];
    private static readonly string[] Others = ["istio-namespace", "token-policy", "pod-monitor", "admin"];

    public static TheoryData<string> Overlays => [.. Manifests.Overlays];

    public static TheoryData<string> Combinations =>
    [
        .. from exposure in Exposures from certificate in Certificates select Joined([exposure, certificate, .. Others]),
        .. Others.Select(without => Joined([Exposures[1], Certificates[1], .. Others.Where(other => other != without)])),
        "",
    ];

    [Fact]
    public void EveryComponentIsRenderedByATest() =>
        Assert.Equal(Manifests.Components,
            new[] { Exposures[1..], Certificates[1..], Others, ["gateway-namespace", "vm-namespace"] }.SelectMany(names => names)
            .Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task OverlayIsCompleteAndRunsAnUnprivilegedPodOutsideTheMesh(string overlay)
    {
        using var manifests = new Manifests();

        var objects = await manifests.RenderAsync($"overlays/{overlay}");

        AssertUnderstood(objects);
        var deployment = Assert.IsType<V1Deployment>(Typed(Assert.Single(objects, one => one.Kind == "Deployment")));
        AssertRestricted(deployment.Spec.Template.Spec);
        Assert.Equal(2, deployment.Spec.Replicas);
        Assert.Equal("false", deployment.Spec.Template.Metadata.Labels["sidecar.istio.io/inject"]);
        Assert.Equal("false", deployment.Spec.Template.Metadata.Annotations["sidecar.istio.io/inject"]);
        Assert.Equal("none", deployment.Spec.Template.Metadata.Labels["istio.io/dataplane-mode"]);
        AssertConnected(objects, deployment);
        AssertRuns(deployment);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task ComponentsWorkTogether(string components)
    {
        using var manifests = new Manifests();
        manifests.Write("components/tls-secret/tls.crt", "a certificate");
        manifests.Write("components/tls-secret/tls.key", "a key");
        manifests.Write("overlays/combined/kustomization.yaml", $"""
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [../../base]
            components: [{string.Join(", ", components.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(component => $"../../components/{component}"))}]
            """);

        var objects = await manifests.RenderAsync("overlays/combined");

        AssertUnderstood(objects);
        AssertConnected(objects, Assert.IsType<V1Deployment>(Typed(Assert.Single(objects, one => one.Kind == "Deployment"))));
        Assert.Equal(components.Contains("tls-secret", StringComparison.Ordinal),
            objects.Any(one => one is { Kind: "Secret", Name: "smm-dashboard-tls" }));
        Assert.Equal(components.Contains("tls-cert-manager", StringComparison.Ordinal), objects.Any(one => one.Kind == "Certificate"));
        Assert.Equal(components.Contains("load-balancer", StringComparison.Ordinal) ? "LoadBalancer" : null, Service(objects).Spec.Type);
    }

    [Fact]
    public async Task ComponentServesEachNamespaceThatNeedsIt()
    {
        using var manifests = new Manifests();
        foreach (var name in (string[])["vm-one", "vm-two"])
        {
            manifests.Write($"overlays/combined/{name}/kustomization.yaml", $"""
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: {name}
                components: [../../../components/vm-namespace]
                """);
        }

        manifests.Write("overlays/combined/gateways/kustomization.yaml", """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            namespace: gateways
            components: [../../../components/gateway-namespace]
            """);
        manifests.Write("overlays/combined/kustomization.yaml", """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [../../base, vm-one, vm-two, gateways]
            """);

        var objects = await manifests.RenderAsync("overlays/combined");

        var bindings = objects.Where(one => one.Kind == "RoleBinding").Select(Typed).Cast<V1RoleBinding>().ToList();
        Assert.Equal(["default", "gateways", "smm-dashboard", "vm-one", "vm-two"],
            bindings.Select(binding => binding.Namespace()).Order(StringComparer.Ordinal));
        Assert.All(bindings, binding => Assert.Equal(
            ("smm-dashboard", "smm-dashboard"), (binding.Subjects[0].NamespaceProperty, binding.Subjects[0].Name)));
    }

    [Theory]
    [InlineData("upstream", "istio-ca-root-cert")]
    [InlineData("smm", "istio-ca-root-cert", "istio-ca-root-cert-cp-v117x")]
    public async Task RolesGrantExactlyTheRightsOfTheDashboard(string overlay, params string[] rootCertificates)
    {
        using var manifests = new Manifests();
        var needed = DashboardRights.All(new("smm-dashboard", ["istio-system"], [], rootCertificates, [new("vm-integration", "analytics")]))
            .SelectMany(right => right.Verbs.Select(verb => Grant(right.Namespace, verb, right.Group, right.Resource, right.Name)));

        var objects = await manifests.RenderAsync($"overlays/{overlay}");
        var granted = objects.Select(one => one.Kind is "Role" or "ClusterRole" ? Typed(one) : null).SelectMany(role => role switch
        {
            V1Role local => Grants(local.Namespace(), local.Rules),
            V1ClusterRole wide => Grants(null, wide.Rules),
            _ => [],
        });

        Assert.Equal(needed.Distinct().Order(StringComparer.Ordinal), granted.Order(StringComparer.Ordinal));
    }

    /// <summary>A gateway outside the namespaces of control planes, named with --gateway.</summary>
    [Fact]
    public async Task GatewayNamespaceRoleGrantsExactlyTheNeededRights()
    {
        using var manifests = new Manifests();
        manifests.Write("overlays/gateways/kustomization.yaml", "namespace: gateways\ncomponents: [../../components/gateway-namespace]\n");

        var objects = await manifests.RenderAsync("overlays/gateways");

        Assert.Equal(
            DashboardRights.ForGatewayNamespace("gateways")
            .SelectMany(right => right.Verbs.Select(verb => Grant("gateways", verb, right.Group, right.Resource, right.Name))),
            objects.Where(one => one.Kind == "Role").Select(Typed).Cast<V1Role>().SelectMany(role => Grants(role.Namespace(), role.Rules)));
    }

    [Fact]
    public async Task AdminComponentServesTheMachinesAndGrantsOnlyTheReviewOfAccess()
    {
        using var manifests = new Manifests();
        manifests.Write(
            "overlays/shown/kustomization.yaml", "resources: [../upstream]\ncomponents: [../../components/admin]\n");

        var objects = await manifests.RenderAsync("overlays/shown");

        var deployment = (V1Deployment)Typed(objects.Single(one => one.Kind == "Deployment"));
        AssertConnected(objects, deployment);
        AssertRuns(deployment);
        var role = (V1ClusterRole)Typed(objects.Single(one => one is { Kind: "ClusterRole", Name: "smm-dashboard-admin" }));
        Assert.Equal(
            DashboardRights.ForAdmin.SelectMany(
                right => right.Verbs.Select(verb => Grant(null, verb, right.Group, right.Resource, right.Name))),
            Grants(null, role.Rules));
        Assert.DoesNotContain(objects, one => one.Kind.EndsWith("Binding", StringComparison.Ordinal)
            && one.Yaml.Contains("smm-dashboard-viewer", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Grants(string? space, IEnumerable<V1PolicyRule> rules) =>
        from rule in rules
        from resource in rule.Resources
        from verb in rule.Verbs
        from name in rule.ResourceNames ?? [null]
        select Grant(space, verb, Assert.Single(rule.ApiGroups), resource, name);

    private static string Grant(string? space, string verb, string group, string resource, string? name) =>
        $"{space ?? "cluster"}: {verb} {group}/{resource} {name}";

    private static string Joined(IEnumerable<string> components) => string.Join('+', components.Where(component => component.Length > 0));

    private static V1Service Service(IEnumerable<Manifest> objects) =>
        Assert.IsType<V1Service>(Typed(Assert.Single(objects, one => one is { Kind: "Service", Name: "smm-dashboard" })));

    private static object Typed(Manifest manifest) => KubernetesYaml.LoadAllFromString(manifest.Yaml, strict: true).Single();

    // No member that Kubernetes does not have; custom resources have no model here.
    private static void AssertUnderstood(IReadOnlyList<Manifest> objects)
    {
        string[] custom = ["networking.istio.io/", "gateway.networking.k8s.io/", "cert-manager.io/", "monitoring.coreos.com/"];
        Assert.All(objects.Where(one => !custom.Any(group => one.ApiVersion.StartsWith(group, StringComparison.Ordinal))),
            one => Typed(one));
        Assert.Equal(objects.Count, objects.Select(one => (one.ApiVersion, $"{one}")).Distinct().Count());
    }

    // The demands of the level "restricted" of the Pod Security Standards.
    private static void AssertRestricted(V1PodSpec pod)
    {
        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.Equal(65532, pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.Null(pod.HostNetwork);
        Assert.All(pod.Volumes, volume => Assert.NotNull(volume.Secret));
        Assert.All(pod.Containers, container =>
        {
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Null(container.SecurityContext.Capabilities.Add);
        });
    }

    // The folder of packages is the image's.
    private static void AssertRuns(V1Deployment deployment)
    {
        using var errors = new StringWriter();
        var arguments = deployment.Spec.Template.Spec.Containers[0].Args.Select(
            argument => argument.StartsWith("--packages=", StringComparison.Ordinal) ? "--packages=/" : argument);

        var options = new CommandLine().Parse([.. arguments], errors, out _);

        Assert.Equal("", errors.ToString());
        Assert.NotNull(options!.Kubernetes);
        var port = deployment.Spec.Template.Spec.Containers[0].Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
        Assert.Equal((port["https"], port["status"]), (Assert.Single(options.Listen).Address.Port, options.Status!.Port));
        Assert.Equal(port.GetValueOrDefault("admin"), options.Admin?.Address.Port ?? 0);
        Assert.NotEqual(false, options.Admin?.IsTls);
    }

    // Names that only match each other: nothing else would notice before the pod is to start.
    private static void AssertConnected(IReadOnlyList<Manifest> objects, V1Deployment deployment)
    {
        var labels = deployment.Spec.Template.Metadata.Labels;
        var ports = deployment.Spec.Template.Spec.Containers[0].Ports.Select(port => port.Name).ToHashSet();
        void AssertSelects(IDictionary<string, string> selector) =>
            Assert.All(selector, pair => Assert.Equal(pair.Value, labels[pair.Key]));

        AssertSelects(deployment.Spec.Selector.MatchLabels);
        foreach (var service in objects.Where(one => one.Kind == "Service").Select(Typed).Cast<V1Service>())
        {
            AssertSelects(service.Spec.Selector);
            Assert.Contains(service.Spec.Ports[0].TargetPort.Value, ports);
        }

        AssertSelects(((V1PodDisruptionBudget)Typed(objects.Single(one => one.Kind == "PodDisruptionBudget"))).Spec.Selector.MatchLabels);
        var network = (V1NetworkPolicy)Typed(objects.Single(one => one.Kind == "NetworkPolicy"));
        AssertSelects(network.Spec.PodSelector.MatchLabels);
        Assert.All(network.Spec.Ingress.SelectMany(rule => rule.Ports), port => Assert.Contains(port.Port.Value, ports));
        Assert.Contains(objects, one => one.Kind == "ServiceAccount" && one.Name == deployment.Spec.Template.Spec.ServiceAccountName);
        Assert.All(objects.Where(one => one.Kind is "RoleBinding" or "ClusterRoleBinding"), one =>
        {
            var (role, subjects) = Typed(one) switch
            {
                V1RoleBinding binding => (binding.RoleRef, binding.Subjects),
                V1ClusterRoleBinding binding => (binding.RoleRef, binding.Subjects),
                _ => throw new InvalidOperationException(one.Yaml),
            };
            Assert.Contains(objects, other => other.Kind == role.Kind && other.Name == role.Name
                && (other.Namespace is null || other.Namespace == one.Namespace));
            var account = Assert.Single(subjects);
            Assert.Contains(objects,
                other => other.Kind == "ServiceAccount" && other.Name == account.Name && other.Namespace == account.NamespaceProperty);
        });
    }
}
