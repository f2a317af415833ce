using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Ranges;

/// <summary>Watches the objects that name the cluster's own addresses. Each kind is optional: without the right, or on an older cluster, the others count.</summary>
public sealed class RangeWatches : BackgroundService
{
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<Func<CancellationToken, Task>> _reflectors = [];
    private readonly KubernetesApi _api;
    private readonly ReflectorSeams _seams;
    private readonly Startup.ProcessFault _fault;
    private Snapshot? _last;
    private string? _logged;

    public RangeWatches(KubernetesApi api, ReflectorSeams seams, Startup.ProcessFault fault)
    {
        (_api, _seams, _fault) = (api, seams, fault);
        var json = KubernetesJson.Default;
        Nodes = Watched(new("", "nodes", ["v1"]), json.Node);
        ServiceCidrs = Watched(new("networking.k8s.io", "servicecidrs", ["v1", "v1beta1"]), json.ServiceCidr);
        IpAddresses = Watched(new("networking.k8s.io", "ipaddresses", ["v1", "v1beta1"]), json.IpAddress);
        ApiServer = Watched(new("discovery.k8s.io", "endpointslices", ["v1", "v1beta1"], "default", "metadata.name=kubernetes"), json.EndpointSlice);
    }

    internal Cache<Node> Nodes { get; }

    internal Cache<ServiceCidr> ServiceCidrs { get; }

    internal Cache<IpAddress> IpAddresses { get; }

    /// <summary>The endpoints of the Service <c>kubernetes</c>.</summary>
    internal Cache<EndpointSlice> ApiServer { get; }

    /// <summary>Whether everything is known that may be read.</summary>
    internal bool IsComplete => IsSettled(Nodes) && IsSettled(ServiceCidrs) && IsSettled(IpAddresses) && IsSettled(ApiServer);

    /// <summary>What is known now.</summary>
    internal ClusterAddresses Known
    {
        get
        {
            var now = new Snapshot(Nodes.State, ServiceCidrs.State, IpAddresses.State, ApiServer.State);
            var last = Volatile.Read(ref _last);
            if (last is not null && last.IsOf(now))
                return last.Addresses;

            Volatile.Write(ref _last, now);
            return now.Addresses;
        }
    }

    /// <summary>Why the range of Services is not known; null while it is.</summary>
    internal string? WhyServicesUnknown => ServiceCidrs.State switch
    {
        { IsForbidden: true } => "servicecidrs.networking.k8s.io may not be listed",
        { IsServed: false } => "the API server does not serve servicecidrs.networking.k8s.io, as Kubernetes 1.33 and later do",
        _ => null,
    };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll([.. _reflectors.Select(run => run(stoppingToken)), LogAsync(stoppingToken)]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            _fault.Report(nameof(RangeWatches), exception);
        }
    }

    private static bool IsSettled<T>(Cache<T> cache)
        where T : KubernetesObject => cache.State is { IsSynced: true } or { IsForbidden: true };

    private Cache<T> Watched<T>(ApiResource resource, JsonTypeInfo<T> type)
        where T : KubernetesObject
    {
        var cache = new Cache<T>(_changes.Writer, _seams.Time);
        _reflectors.Add(new Reflector<T>(_api, resource, type, cache, _seams).RunAsync);
        return cache;
    }

    private async Task LogAsync(CancellationToken stoppingToken)
    {
        while (await _changes.Reader.WaitToReadAsync(stoppingToken))
        {
            _changes.Reader.TryRead(out _);
            var why = WhyServicesUnknown;
            if (why is not null && why != _logged)
                _seams.Log.ServicesUnknown(why);
            _logged = why;
        }
    }

    private sealed class Snapshot(CacheState<Node> nodes, CacheState<ServiceCidr> services, CacheState<IpAddress> addresses, CacheState<EndpointSlice> server)
    {
        private readonly Lazy<ClusterAddresses> _addresses = new(() => new(nodes.Items.Values, services.Items.Values, addresses.Items.Values, server.Items.Values));
        private readonly object[] _states = [nodes.Items, services.Items, addresses.Items, server.Items];

        public ClusterAddresses Addresses => _addresses.Value;

        public bool IsOf(Snapshot other) => _states.Zip(other._states).All(pair => ReferenceEquals(pair.First, pair.Second));
    }
}

internal static partial class RangesLog
{
    [LoggerMessage(230, LogLevel.Warning,
        "the range of Services is not known ({Why}): a dial-back could reach a Service. Name the range, --service-cluster-ip-range of the kube-apiserver, with --cluster-range CIDR")]
    public static partial void ServicesUnknown(this ILogger log, string why);
}
