using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Mesh;

[Collection(MeshCluster.Changes)]
public sealed class ReadinessTests(MeshCluster cluster) : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await cluster.RequireAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task UnlistableRootCertificateThatIsWatchedLaterLeavesAReplicaReady()
    {
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        using var api = new KubernetesApi(
            ApiSettings.InCluster(
                name => name == "KUBERNETES_SERVICE_HOST" ? proxy.Address.Host : $"{proxy.Address.Port}",
                cluster.Server.ServiceAccountFolder(RunningApiServer.AdminToken), TimeProvider.System),
            TimeProvider.System);
        using var watch = new ClusterWatch(
            api, new KubernetesOptions { PublicUrl = RunningDashboard.PublicUrl }, TimeProvider.System, new Random(1),
            NullLogger<ClusterWatch>.Instance,
            new BackgroundFailure(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance)));
        await watch.StartAsync(TestContext.Current.CancellationToken);
        await RunningDashboard.UntilAsync("everything is listed", () => Task.FromResult(watch.WaitsFor is null));

        proxy.RefuseAll();
        Assert.True(watch.FollowRootCertificates(["istio-ca-root-cert-of-a-new-revision"]));

        Assert.False(watch.IsSynced);
        Assert.Null(watch.WaitsFor);
        await watch.StopAsync(TestContext.Current.CancellationToken);
    }
}
