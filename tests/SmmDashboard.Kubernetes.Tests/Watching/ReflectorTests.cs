using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Watching;

/// <summary>A reflector against a real API server, with faults between them.</summary>
public sealed class ReflectorTests(RunningApiServer server)
{
    private const string TooOld =
        """{"kind":"Status","apiVersion":"v1","code":410,"reason":"Expired","message":"too old resource version"}""";

    [Fact]
    public async Task ReflectorListsInPagesAndFollowsEveryChange()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, pageSize: 2, names: ["a", "b", "c"]);
        await watched.UntilHasAsync("a", "b", "c");

        await watched.CreateAsync("d");
        await watched.ChangeAsync("a", "second");
        await watched.DeleteAsync("b");
        await watched.UntilHasAsync("a", "c", "d");
        await watched.UntilAsync("the change of a", state => state.Items[new(watched.Namespace, "a")].Data.Mesh == "second");

        Assert.True(watched.Cache.State is { IsSynced: true, IsServed: true, Fault: null });
        Assert.NotNull(watched.Cache.LastAnswer);
        Assert.Contains("limit=2&resourceVersion=0", proxy.Lists[0], StringComparison.Ordinal);
        Assert.Contains("allowWatchBookmarks=true", proxy.Watches[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task OversizedListIsReadInPages()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        // The server's cache ignores the limit: all objects come at once, and there are more than can be read.
        var tooMuch = new byte[1024 * 1024];
        for (var times = 0; times < 10; times++)
        {
            proxy.AnswerNext(request => request.Contains("configmaps?", StringComparison.Ordinal)
                && request.Contains("resourceVersion=0", StringComparison.Ordinal), async context =>
            {
                for (var sent = 0; sent < 65; sent++)
                    await context.Response.Body.WriteAsync(tooMuch, context.RequestAborted);
            });
        }

        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a", "b"]);
        await watched.UntilHasAsync("a", "b");

        Assert.EndsWith("?limit=50", proxy.Lists[1], StringComparison.Ordinal);
        Assert.Equal(2, proxy.Lists.Count);
        Assert.Null(watched.Cache.State.Fault);
    }

    [Fact]
    public async Task InterruptedWatchResumesFromTheLastVersionWithoutAList()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        proxy.Cut();
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("a", "b");

        Assert.Single(proxy.Lists);
    }

    [Fact]
    public async Task IncompleteLineIsNotAnObject()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        proxy.CutInLine();
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("a", "b");

        Assert.Single(proxy.Lists);
        Assert.Equal(0, watched.Cache.Unreadable);
    }

    [Fact]
    public async Task SilentWatchEndsAtItsDeadline()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        proxy.Stall();
        await watched.CreateAsync("b");
        await watched.PassAsync(TimeSpan.FromSeconds(30), "has b", _ => watched.Has("b"));

        Assert.Single(proxy.Lists);
        Assert.Null(watched.Cache.State.Fault);
    }

    [Fact]
    public async Task NormalEndOfAWatchIsNotAFault()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("a", "b");

        proxy.Close();
        await UntilWatchesAsync(proxy, 2);
        await watched.CreateAsync("c");
        await watched.UntilAtOnceAsync("has c", _ => watched.Has("c"));

        Assert.Single(proxy.Lists);
        Assert.Null(watched.Cache.State.Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ExpiredVersionIsListedAgain(bool inTheStream)
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        if (inTheStream)
            proxy.SendNext($$"""{"type":"ERROR","object":{{TooOld}} }""");
        else
            proxy.AnswerNext(FaultProxy.IsWatch, 410, TooOld);
        proxy.Cut();
        await watched.DeleteAsync("a");
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("b");

        Assert.Equal(2, proxy.Lists.Count);
        Assert.DoesNotContain("resourceVersion", proxy.Lists[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpiredContinueTokenCausesAFullList()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.AnswerNext(request => request.Contains("limit=2", StringComparison.Ordinal), async context =>
        {
            // Pages come from etcd: a token of the real server is used, and then made invalid by a compaction.
            var space = context.Request.Path.Value!.Split('/')[4];
            var page = await server.AdminAsync(HttpMethod.Get, $"api/v1/namespaces/{space}/configmaps?limit=2");
            await server.AdminAsync(
                HttpMethod.Post, $"api/v1/namespaces/{space}/configmaps", "{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}");
            await server.CompactAsync();
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, page);
        });
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, pageSize: 2, names: ["a", "b", "c"]);

        await watched.UntilHasAsync("a", "b", "c", "d");

        Assert.Contains("continue=", proxy.Lists[1], StringComparison.Ordinal);
        Assert.DoesNotContain("limit", proxy.Lists[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task RetryAfterOfTheServerIsObserved()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        proxy.AnswerNext(FaultProxy.IsWatch, 429, "slow down", retryAfter: "45");
        // The cut itself costs a first backoff of less than a second.
        proxy.Cut();
        await watched.UntilAsync("the refusal", state => state.Fault?.Contains("limits its load", StringComparison.Ordinal) is true);
        var refused = watched.Time.GetUtcNow();
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("a", "b");

        Assert.InRange((watched.Time.GetUtcNow() - refused).TotalSeconds, 44, 60);
        Assert.Single(proxy.Lists);
        Assert.Null(watched.Cache.State.Fault);
    }

    [Fact]
    public async Task BookmarkMovesTheVersion()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.SendNext(
            """{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"123456789"}}}""");
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);

        proxy.Close();
        await UntilWatchesAsync(proxy, 2);

        Assert.Contains("resourceVersion=123456789", proxy.Watches[1], StringComparison.Ordinal);
        Assert.True(watched.Has("a"));
    }

    [Fact]
    public async Task InvalidWatchLineCausesAList()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.SendNext("""{"type":"MODIFIED","object":{"metadata""");
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");

        await watched.UntilAsync("listed again", _ => proxy.Lists.Count == 2);
        await watched.CreateAsync("b");
        await watched.UntilHasAsync("a", "b");

        Assert.Equal(1, watched.Cache.Unreadable);
    }

    [Fact]
    public async Task UnreadableObjectKeepsItsLastGoodCopyAndStopsNoOther()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);
        await watched.UntilHasAsync("a");
        await UntilWatchesAsync(proxy, 1);
        proxy.SendNext(
            $$$"""{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"{{{watched.Namespace}}}","resourceVersion":"7"},"data":{"mesh":["no text"]} } }""",
            $$$"""{"type":"ADDED","object":{"metadata":{"name":"b","namespace":"{{{watched.Namespace}}}","resourceVersion":"8"} } }""");
        proxy.Close();

        await watched.UntilHasAsync("a", "b");

        Assert.Equal("first", watched.Cache.State.Items[new(watched.Namespace, "a")].Data.Mesh);
        Assert.Equal(1, watched.Cache.Unreadable);
        Assert.Single(proxy.Lists);
    }

    [Fact]
    public async Task StartingServerDoesNotCountAsOneWithoutTheKind()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.AnswerNext(request => request.Contains("configmaps?", StringComparison.Ordinal), 404, "404 page not found");
        var readiness = 0;
        bool IsSecondReadiness(string request) => request == "/readyz" && ++readiness == 2;
        proxy.AnswerNext(IsSecondReadiness, 500, "[-]poststarthook/crd-informer-synced failed");
        await using var watched = await WatchedConfigMaps.StartAsync(server, proxy, names: ["a"]);

        await watched.UntilAsync("the fault", state => state.Fault is not null || state.IsSynced);
        Assert.True(watched.Cache.State.IsServed);
        await watched.UntilHasAsync("a");
    }

    private static Task UntilWatchesAsync(FaultProxy proxy, int count) =>
        Until.TrueAsync(() => proxy.Watches.Count >= count, $"{count} watches", lastSeen: () => string.Join('\n', proxy.Requests));

}
