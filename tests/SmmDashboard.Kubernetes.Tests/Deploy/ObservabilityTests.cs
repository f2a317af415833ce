namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>The objects of <c>deploy/observability/kubernetes</c> fit those of <c>deploy/kubernetes</c>.</summary>
public sealed class ObservabilityTests
{
    [Fact]
    public async Task ObjectsAreCompleteAndNameTheStatusPortOfTheDeployment()
    {
        using var manifests = new Manifests();

        var objects = await manifests.RenderAsync(Path.Combine(Manifests.Source, "..", "observability", "kubernetes"));

        Assert.Equal(
            [
                "PrometheusRule smm-dashboard/smm-agent", "ScrapeConfig smm-dashboard/smm-agent",
                "Service smm-dashboard/smm-dashboard-status",
            ],
            objects.Select(one => $"{one}").Order(StringComparer.Ordinal));
        var deployment = File.ReadAllText(Path.Combine(Manifests.Source, "base", "deployment.yaml"));
        Assert.Contains("- { name: status, containerPort: 8081 }", deployment, StringComparison.Ordinal);
        var service = objects.Single(one => one.Kind == "Service").Yaml;
        Assert.Contains("    port: 8081\n    targetPort: status", service, StringComparison.Ordinal);
        Assert.Contains("  selector:\n    app.kubernetes.io/name: smm-dashboard", service, StringComparison.Ordinal);
        Assert.Contains(
            "url: http://smm-dashboard-status.smm-dashboard.svc:8081/targets", objects.Single(one => one.Kind == "ScrapeConfig").Yaml,
            StringComparison.Ordinal);
    }
}
