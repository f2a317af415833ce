using System.Net;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Contract;
using SmmDashboard.Hosting;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.DialBack;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.DialBack;

/// <summary>The cluster's own addresses, watched at the real API server with the rights that a test grants.</summary>
public sealed class KubernetesRangesTests(RunningApiServer server)
{
    private const string Nodes = """{apiGroups: [""], resources: [nodes], verbs: [list, watch]}""";
    private const string Pods = """{apiGroups: [""], resources: [pods], verbs: [list]}""";
    private const string ServiceCidrs = "{apiGroups: [networking.k8s.io], resources: [servicecidrs, ipaddresses], verbs: [list, watch]}";
    private const string Vm = "198.51.100.200";

    [Fact]
    public async Task NodeAddressIsRefusedOnceTheNodeJoins()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(null, Nodes);
        await using var ranges = await RunningRanges.StartAsync(server, account);
        await ranges.UntilAsync(Vm, null);

        var node = await CreateNodeAsync("198.51.100.11");

        await ranges.UntilAsync("198.51.100.11", $"it is an address of node {node}");
        Assert.Null(await ranges.ReasonAsync(Vm));
    }

    [Fact]
    public async Task ApiServerEndpointsAreRefused()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(
            "default", "{apiGroups: [discovery.k8s.io], resources: [endpointslices], resourceNames: [kubernetes], verbs: [list, watch]}");
        await using var ranges = await RunningRanges.StartAsync(server, account);

        await CreateApiServerSliceAsync("198.51.100.31");

        await ranges.UntilAsync("198.51.100.31", "it is an address of the API server");
    }

    [Fact]
    public async Task OptionsConnectedAddressAndKnownServicesCountWithoutRights()
    {
        var account = await TestAccount.CreateAsync(server);
        await using var ranges = await RunningRanges.StartAsync(server, account, configured: "10.0.0.0/8");

        await ranges.UntilAsync(Vm, null);

        Assert.Equal("it is in the cluster's own range 10.0.0.0/8", await ranges.ReasonAsync("10.96.0.10"));
        Assert.Equal("it is the address of the API server", await ranges.ReasonAsync("127.0.0.1"));
        Assert.Equal("it is the cluster IP of Service istio-system/istiod", await ranges.ReasonAsync("fd00:96::77"));
    }

    [Fact]
    public async Task AddressesOfTheApiServerNameAreRefused()
    {
        var account = await TestAccount.CreateAsync(server);
        await using var ranges = await RunningRanges.StartAsync(server, account, name: new("https://api.example.com:6443"));

        await ranges.UntilAsync("198.51.100.41", "it is the address of the API server");
        await ranges.UntilAsync(Vm, null);
    }

    [Fact]
    public async Task UnknownRangesAreUnavailableAndNeverDialled()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(null, Nodes);
        await using var proxy = await FaultProxy.StartAsync(server);
        var held = new TaskCompletionSource();
        proxy.AnswerNext(IsListOf("nodes"), async context =>
        {
            await held.Task;
            context.Abort();
        });
        await using var ranges = await RunningRanges.StartAsync(server, account, proxy, configured: "10.0.0.0/8");
        await Until.TrueAsync(() => proxy.Requests.Any(IsListOf("nodes")), "the list of nodes");

        var fault = await Assert.ThrowsAsync<UnavailableException>(async () => await ranges.ReasonAsync(Vm));

        Assert.Equal("the cluster's own addresses are not known yet", fault.Message);
        Assert.NotNull(await ranges.ReasonAsync("10.0.0.1"));
        held.SetResult();
        await ranges.UntilAsync(Vm, null);
    }

    [Fact]
    public async Task KnownRangesOutliveTheApiServer()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(null, Nodes);
        var node = await CreateNodeAsync("198.51.100.12");
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var ranges = await RunningRanges.StartAsync(server, account, proxy);
        await ranges.UntilAsync("198.51.100.12", $"it is an address of node {node}");

        await proxy.DisposeAsync();

        Assert.Equal($"it is an address of node {node}", await ranges.ReasonAsync("198.51.100.12"));
    }

    [Fact]
    public async Task PodAddressIsRefusedWherePodsAreVisible()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(null, Pods);
        await CreatePodAsync(account.Namespace, "198.51.100.51");
        await using var ranges = await RunningRanges.StartAsync(server, account);

        await ranges.UntilAsync("198.51.100.51", "it is a pod's");

        Assert.Equal("it is a pod's", await ranges.ReasonAsync("198.51.100.51", NetworkModel.SameNetwork));
        Assert.Null(await ranges.ReasonAsync(Vm, NetworkModel.SameNetwork));
    }

    [Fact]
    public async Task ForbiddenPodListIsRetriedEveryTenMinutes()
    {
        var account = await TestAccount.CreateAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        await using var ranges = await RunningRanges.StartAsync(server, account, proxy);
        await ranges.UntilAsync(Vm, null);

        Assert.Null(await ranges.ReasonAsync(Vm));

        Assert.Single(proxy.Requests, request => request.StartsWith("/api/v1/pods", StringComparison.Ordinal));
    }

    /// <summary>Servers have these kinds since 1.31 (v1beta1) and 1.33 (v1). An older one is made to answer as those do.</summary>
    [Fact]
    public async Task ServiceRangesAndReservedAddressesAreRefused()
    {
        var account = await TestAccount.CreateAsync(server);
        await account.GrantAsync(null, ServiceCidrs);
        await using var proxy = await FaultProxy.StartAsync(server);
        for (var kind = 0; kind < 2; kind++)
        {
            proxy.AnswerNext(request => request == "/apis/networking.k8s.io/v1", 200,
                """{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[{"name":"servicecidrs"},{"name":"ipaddresses"}]}""");
        }

        proxy.AnswerNext(IsListOf("servicecidrs"), 200,
            """{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"kubernetes","resourceVersion":"3"},"spec":{"cidrs":["10.96.0.0/24"]}}]}""");
        proxy.AnswerNext(IsListOf("ipaddresses"), 200,
            """{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"198.51.100.61","resourceVersion":"4"},"spec":{"parentRef":{"resource":"gateways"}}}]}""");
        proxy.SendNext();
        proxy.SendNext();
        await using var ranges = await RunningRanges.StartAsync(server, account, proxy);

        await ranges.UntilAsync("10.96.0.10", "it is in the range of Services 10.96.0.0/24 (ServiceCIDR kubernetes)");
        await ranges.UntilAsync("198.51.100.61", "the cluster uses it (an IPAddress object has its name)");
    }

    private static Func<string, bool> IsListOf(string plural) =>
        request => request.Contains($"/{plural}?", StringComparison.Ordinal) && !FaultProxy.IsWatch(request);

    private async Task<string> CreateNodeAsync(string address)
    {
        var name = $"n{Guid.NewGuid():N}";
        await server.AdminAsync(HttpMethod.Post, "api/v1/nodes", $"{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}}}");
        await server.AdminAsync(HttpMethod.Patch, $"api/v1/nodes/{name}/status",
            $$$"""{"status":{"addresses":[{"type":"InternalIP","address":"{{{address}}}"},{"type":"Hostname","address":"{{{name}}}"}]}}""",
            "application/merge-patch+json");
        return name;
    }

    private async Task CreatePodAsync(string @namespace, string address)
    {
        await server.AdminAsync(HttpMethod.Post, $"api/v1/namespaces/{@namespace}/pods",
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}");
        await server.AdminAsync(HttpMethod.Patch, $"api/v1/namespaces/{@namespace}/pods/p/status",
            $$$"""{"status":{"podIP":"{{{address}}}","podIPs":[{"ip":"{{{address}}}"}]}}""", "application/merge-patch+json");
    }

    // A server with an endpoint reconciler makes the object itself.
    private async Task CreateApiServerSliceAsync(string address)
    {
        var version = (await server.AdminAsync(HttpMethod.Get, "apis/discovery.k8s.io")).Contains(
            "discovery.k8s.io/v1\"", StringComparison.Ordinal) ? "v1" : "v1beta1";
        await server.AdminAsync(HttpMethod.Post, $"apis/discovery.k8s.io/{version}/namespaces/default/endpointslices",
            $"{{apiVersion: discovery.k8s.io/{version}, kind: EndpointSlice, metadata: {{name: kubernetes}}, addressType: IPv4, endpoints: "
                + $"[{{addresses: [{address}]}}], ports: [{{port: 6443}}]}}");
    }

    private sealed class RunningRanges : IAsyncDisposable
    {
        private static readonly Service Istiod = new()
        {
            Metadata = new() { Namespace = "istio-system", Name = "istiod" }, Spec = new() { ClusterIPs = ["10.96.0.77", "fd00:96::77"] },
        };

        private readonly RangeWatches _watches;
        private readonly KubernetesApi _api;
        private readonly KubernetesRanges _ranges;

        private RunningRanges(ApiSettings settings, Uri name, IReadOnlyList<IPNetwork> configured)
        {
            _api = new(settings, TimeProvider.System);
            var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
            _watches = new(_api, new KubernetesOptions { PublicUrl = "", ClusterRanges = configured }, TimeProvider.System, new Random(1),
                NullLogger<RangeWatches>.Instance, new BackgroundFailure(lifetime));
            _ranges = new(
                _watches, new ServerAddresses(
                    name, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("198.51.100.41")]), TimeProvider.System),
                new PodLookup(_api, TimeProvider.System), () => [Istiod], configured);
        }

        public static async Task<RunningRanges> StartAsync(
            RunningApiServer server, TestAccount account, FaultProxy? proxy = null, Uri? name = null, params string[] configured)
        {
            var ranges = new RunningRanges(
                account.Settings(proxy?.Address), name ?? server.Address, [.. configured.Select(IPNetwork.Parse)]);
            await ranges._watches.StartAsync(TestContext.Current.CancellationToken);
            return ranges;
        }

        public ValueTask<string?> ReasonAsync(string address, NetworkModel model = NetworkModel.DifferentNetwork) =>
            _ranges.FindReasonAsync(IPAddress.Parse(address), model, TestContext.Current.CancellationToken);

        public async Task UntilAsync(string address, string? reason)
        {
            using var atMost = new CancellationTokenSource(Until.Patience);
            while (await ReasonOrPendingAsync(address) != reason)
                await Task.Delay(20, atMost.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _watches.StopAsync(CancellationToken.None);
            _watches.Dispose();
            _api.Dispose();
        }

        private async Task<string?> ReasonOrPendingAsync(string address)
        {
            try
            {
                return await ReasonAsync(address);
            }
            catch (UnavailableException pending)
            {
                return pending.Message;
            }
        }
    }
}
