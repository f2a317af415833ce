using System.Net;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Startup;

namespace SmmDashboard.Kubernetes.Tests.Mesh;

/// <summary>A WorkloadGroup whose revision is gone keeps its configuration for ten minutes.</summary>
[Collection(MeshCluster.Changes)]
public sealed class LostRevisionTests(MeshCluster cluster) : IAsyncLifetime
{
    private const string Group = "v1/namespaces/vms-plain/workloadgroups/analytics-v0";

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    public async ValueTask InitializeAsync() => await cluster.RequireAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task LostRevisionIsServedForTenMinutesAndThenReportedByName()
    {
        await using var dashboard = await RunningDashboard.StartAsync(
            cluster.Server, seams: new DashboardTestHooks { Clock = _clock }, waits: false);
        await UntilAsync("it is ready", async () => (await dashboard.ReadyAsync()).Status == HttpStatusCode.OK);
        var token = await cluster.TokenAsync("vms-plain", "default");
        Assert.Null((await dashboard.ConfigAsync(Group, token)).Problems);
        await cluster.PatchAsync("WorkloadGroup", "vms-plain", "analytics-v0", """{"metadata":{"labels":{"istio.io/rev":"nowhere"}}}""");
        try
        {
            await UntilAsync("the problem is served", async () => (await dashboard.ConfigAsync(Group, token)).Problems is not null);
            _clock.Advance(KubernetesMesh.KeepWithoutRevision - TimeSpan.FromMinutes(1));
            await dashboard.ConfigAsync(Group, token);

            Reply? answer = null;
            _clock.Advance(TimeSpan.FromMinutes(1));
            await UntilAsync("it is served no longer",
                async () => (answer = await dashboard.CallAsync(HttpMethod.Get, $"{Group}/mesh-config", token)).Status
                != HttpStatusCode.OK);
            answer!.IsProblem(HttpStatusCode.NotFound, "workload-group-not-found");
            Assert.Contains("nowhere", answer.Body, StringComparison.Ordinal);
        }
        finally
        {
            await cluster.PatchAsync("WorkloadGroup", "vms-plain", "analytics-v0", """{"metadata":{"labels":{"istio.io/rev":null}}}""");
        }

        await UntilAsync("it is served again",
            async () => (await dashboard.CallAsync(HttpMethod.Get, $"{Group}/mesh-config", token)).Status == HttpStatusCode.OK);
    }

    // The dashboard waits by the test's clock until objects are at rest.
    private Task UntilAsync(string what, Func<Task<bool>> condition) => RunningDashboard.UntilAsync(what, () =>
    {
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        return condition();
    });
}
