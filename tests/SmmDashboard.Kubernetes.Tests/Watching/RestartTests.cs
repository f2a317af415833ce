using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Tests.Watching;

[CollectionDefinition(RunningApiServer.Restarts, DisableParallelization = true)]
public static class RestartCollection;

/// <summary>The API server is killed and started again; a kind comes, and goes.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class RestartTests(RunningApiServer server)
{
    [Fact]
    public async Task KnownObjectsOutliveTheServerAndAreUpdatedAfterItsRestart()
    {
        await server.RequireAsync();
        await using var watched = await WatchedConfigMaps.StartAsync(server, names: ["a", "b"]);
        await watched.UntilHasAsync("a", "b");

        await server.KillAsync();
        await watched.UntilAsync("the outage", state => state.Fault?.Contains("cannot be reached", StringComparison.Ordinal) is true);
        Assert.True(watched.Cache.State.IsSynced);
        Assert.Equal(2, watched.Cache.State.Items.Count);

        var started = await server.StartServerAsync();
        TestContext.Current.SendDiagnosticMessage($"restarted in {started.TotalSeconds:0.0} s");
        await server.CompactAsync();
        await watched.DeleteAsync("a");
        await watched.CreateAsync("c");
        await watched.UntilHasAsync("b", "c");
        await watched.UntilAsync("no fault", state => state.Fault is null);
    }

    [Fact]
    public async Task InstalledKindIsFoundAndARemovedKindIsMissing()
    {
        await server.RequireAsync();
        var group = $"g{Guid.NewGuid():N}.example";
        using var end = new CancellationTokenSource();
        var time = new FakeTimeProvider();
        using var api = new KubernetesApi(
            ApiSettings.InCluster(
                name => name == "KUBERNETES_SERVICE_HOST" ? "127.0.0.1" : $"{server.Port}",
                server.ServiceAccountFolder(RunningApiServer.AdminToken), TimeProvider.System),
            TimeProvider.System);
        var cache = new Cache<WorkloadGroupObject>(Channel.CreateUnbounded<bool>().Writer, time);
        var run = new Reflector<WorkloadGroupObject>(
            api, new ApiResource(group, "workloadgroups", ["v1", "v1beta1"]), KubernetesJson.Default.WorkloadGroupObject, cache,
            new ReflectorSeams(time, new Random(1), NullLogger.Instance)).RunAsync(end.Token);
        Task PassAsync(string what, Func<bool> condition) => Until.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return condition();
            },
            what, lastSeen: () => cache.State.ToString());

        await PassAsync("missing", () => !cache.State.IsServed);
        Assert.True(cache.State.IsSynced);
        Assert.Equal($"workloadgroups.{group} is not served by this cluster: is its CRD installed?", cache.State.Fault);

        await server.AdminAsync(HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions", $$"""
            {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: workloadgroups.{{group}} }, spec: {group: {{group}}, scope: Namespaced,
             names: {plural: workloadgroups, singular: workloadgroup, kind: WorkloadGroup, listKind: WorkloadGroupList},
             versions: [{name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }]} }
            """);
        await PassAsync("served", () => cache.State is { IsServed: true, Fault: null });
        await server.AdminAsync(HttpMethod.Post, $"apis/{group}/v1beta1/namespaces/default/workloadgroups", $$"""
            {apiVersion: {{group}}/v1beta1, kind: WorkloadGroup, metadata: {name: vms}, spec: {template: {serviceAccount: vms} } }
            """);
        await PassAsync("the group", () => cache.State.Items.Count == 1);
        Assert.Equal("vms", cache.State.Items.Values.Single().Spec.Template.ServiceAccount);

        await server.AdminAsync(HttpMethod.Delete, $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/workloadgroups.{group}");
        await PassAsync("missing again", () => cache.State is { IsServed: false, Items.Count: 0 });
        await end.CancelAsync();
        await run;
    }
}
