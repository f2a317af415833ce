using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Watching;

/// <summary>A reflector whose account lacks the right to its kind for some time.</summary>
public sealed class ReflectorRightsTests(RunningApiServer server)
{
    [Fact]
    public async Task RevokedRightIsReportedAndKnownObjectsStay()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, RunningApiServer.DashboardToken, names: ["a"]);
        await watched.UntilAsync("the missing right", state => state.Fault is not null);
        Assert.Equal(
            $"list configmaps in namespace {watched.Namespace} is forbidden to {RunningApiServer.DashboardUser}: grant it with a "
                + "Role or ClusterRole",
            watched.Cache.State.Fault);
        Assert.False(watched.Cache.State.IsSynced);

        await GrantAsync(watched.Namespace);
        await watched.UntilHasAsync("a");
        Assert.Null(watched.Cache.State.Fault);
        await UntilWatchesAsync(proxy, 1);

        await server.AdminAsync(
            HttpMethod.Delete, $"apis/rbac.authorization.k8s.io/v1/namespaces/{watched.Namespace}/rolebindings/dashboard");
        await UntilForbiddenAsync(watched.Namespace);
        proxy.Cut();
        await watched.UntilAsync("the removed right", state => state.Fault?.StartsWith("watch configmaps", StringComparison.Ordinal) is true
            && state.Fault.Contains("forbidden", StringComparison.Ordinal));
        Assert.True(watched.Has("a"));
    }

    [Fact]
    public async Task RefusalOfAnApiServerThatStartsCostsSecondsOnly()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.AnswerNext(request => request.Contains("configmaps?", StringComparison.Ordinal), 403,
            """{"kind":"Status","apiVersion":"v1","code":403,"message":"configmaps is forbidden: User \"smm\" cannot list"}""");
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilAsync("the refusal", state => state.IsForbidden);
        var refused = watched.Time.GetUtcNow();

        await watched.UntilHasAsync("a");

        Assert.InRange((watched.Time.GetUtcNow() - refused).TotalSeconds, 0.5, 40);
        Assert.Equal(2, proxy.Lists.Count);
        Assert.False(watched.Cache.State.IsForbidden);
    }

    private static Task UntilWatchesAsync(FaultProxy proxy, int count) =>
        Until.TrueAsync(() => proxy.Watches.Count >= count, $"{count} watches", lastSeen: () => string.Join('\n', proxy.Requests));

    private async Task GrantAsync(string space)
    {
        const string rbac = "apis/rbac.authorization.k8s.io/v1/namespaces";
        await server.AdminAsync(HttpMethod.Post, $"{rbac}/{space}/roles", """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: dashboard}, rules: [{apiGroups: [""], resources: [configmaps], verbs: [list, watch]}]}
            """);
        await server.AdminAsync(HttpMethod.Post, $"{rbac}/{space}/rolebindings", $$"""
            {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: dashboard}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dashboard},
             subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{RunningApiServer.DashboardUser}}"}]}
            """);
    }

    // The authorizer learns of a removed binding by a watch of its own.
    private async Task UntilForbiddenAsync(string space)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/namespaces/{space}/configmaps");
            request.Headers.Authorization = new("Bearer", RunningApiServer.DashboardToken);
            using var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.Forbidden)
                return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
