using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Tests.Watching;

/// <summary>A reflector of the ConfigMaps of a namespace of its own, whose waiting time passes as fast as the test likes.</summary>
internal sealed class WatchedConfigMaps : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly RunningApiServer _server;
    private readonly KubernetesApi _api;
    private readonly Task _run;

    private WatchedConfigMaps(RunningApiServer server, FaultProxy? proxy, string token, string space, int pageSize)
    {
        (_server, Namespace) = (server, space);
        var address = proxy?.Address ?? server.Address;
        var settings = ApiSettings.InCluster(
            name => name == "KUBERNETES_SERVICE_HOST" ? address.Host : $"{address.Port}", server.ServiceAccountFolder(token),
            TimeProvider.System);
        _api = new KubernetesApi(settings, TimeProvider.System);
        Cache = new Cache<ConfigMap>(Changes.Writer, Time);
        var reflector = new Reflector<ConfigMap>(
            _api, new ApiResource("", "configmaps", ["v1"], space), KubernetesJson.Default.ConfigMap, Cache,
            new ReflectorSeams(Time, new Random(1), NullLogger.Instance, pageSize));
        _run = reflector.RunAsync(_end.Token);
    }

    public FakeTimeProvider Time { get; } = new();

    public Channel<bool> Changes { get; } =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public Cache<ConfigMap> Cache { get; }

    public string Namespace { get; }

    public static async Task<WatchedConfigMaps> StartAsync(
        RunningApiServer server, FaultProxy? proxy = null, string token = RunningApiServer.AdminToken, int pageSize = 500,
        params string[] names)
    {
        var space = await NewNamespaceAsync(server);
        foreach (var name in names)
            await CreateAsync(server, space, name);
        return new WatchedConfigMaps(server, proxy, token, space, pageSize);
    }

    public static async Task<string> NewNamespaceAsync(RunningApiServer server)
    {
        var space = $"t{Guid.NewGuid():N}";
        await server.AdminAsync(HttpMethod.Post, "api/v1/namespaces", $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {space}}}}}");
        return space;
    }

    public Task CreateAsync(string name) => CreateAsync(_server, Namespace, name);

    public Task ChangeAsync(string name, string mesh) => _server.AdminAsync(
        HttpMethod.Patch, $"api/v1/namespaces/{Namespace}/configmaps/{name}", $$"""{"data":{"mesh":"{{mesh}}"} }""",
        "application/merge-patch+json");

    public Task DeleteAsync(string name) => _server.AdminAsync(HttpMethod.Delete, $"api/v1/namespaces/{Namespace}/configmaps/{name}");

    /// <summary>
    /// Waits until the cache is as it should be. The reflector's own time passes meanwhile, a quarter of a second each 20 ms.
    /// </summary>
    public Task UntilAsync(string what, Func<CacheState<ConfigMap>, bool> condition) =>
        PassAsync(TimeSpan.FromMilliseconds(250), what, condition);

    /// <summary>Waits until the cache is as it should be, while the reflector's time stands still.</summary>
    public Task UntilAtOnceAsync(string what, Func<CacheState<ConfigMap>, bool> condition) => PassAsync(TimeSpan.Zero, what, condition);

    public Task PassAsync(TimeSpan step, string what, Func<CacheState<ConfigMap>, bool> condition) => Until.TrueAsync(
        () =>
        {
            if (step > TimeSpan.Zero)
                Time.Advance(step);
            return condition(Cache.State) || (_run.IsFaulted ? throw _run.Exception! : false);
        },
        what, lastSeen: () => $"{string.Join(' ', Cache.State.Items.Keys)}; {Cache.State.Fault}");

    public bool Has(string name) => Cache.State.Items.ContainsKey(new(Namespace, name));

    public Task UntilHasAsync(params string[] names) => UntilAsync(
        $"has {string.Join(' ', names)}", state => state.Items.Count == names.Length && names.All(Has));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _run;
        _api.Dispose();
        _end.Dispose();
    }

    private static Task CreateAsync(RunningApiServer server, string space, string name) => server.AdminAsync(
        HttpMethod.Post, $"api/v1/namespaces/{space}/configmaps",
        $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{mesh: first}}}}");
}
