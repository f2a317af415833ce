using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;
using SmmDashboard.Status;

namespace SmmDashboard.Kubernetes.DialBack;

/// <summary>
/// Watches the objects that name the cluster's own addresses. Each kind is optional: without the right, or on an older cluster, the others
/// count.
/// </summary>
public sealed class RangeWatches : BackgroundService, IReadiness
{
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<IWatched> _all = [];
    private readonly KubernetesApi _api;
    private readonly ReflectorSeams _seams;
    private readonly BackgroundFailure _fault;
    private readonly bool _isConfigured;
    private Snapshot? _last;
    private string? _logged;

    public RangeWatches(KubernetesApi api, KubernetesOptions options, TimeProvider clock, Random random, ILogger<RangeWatches> log,
        BackgroundFailure fault)
    {
        (_api, _seams, _fault, _isConfigured) = (api, new ReflectorSeams(clock, random, log), fault, options.ClusterRanges.Count > 0);
        var json = KubernetesJson.Default;
        Nodes = Watch(ClusterKinds.Nodes, json.Node);
        ServiceCidrs = Watch(ClusterKinds.ServiceCidrs, json.ServiceCidr);
        IpAddresses = Watch(ClusterKinds.IpAddresses, json.IpAddress);
        ApiServer = Watch(ClusterKinds.ApiServerEndpoints, json.EndpointSlice);
    }

    /// <summary>The fault of the first readable kind that is not synced yet; null once all of them are synced.</summary>
    public string? WaitsFor =>
        _all.FirstOrDefault(watch => !watch.IsSynced) is { } first ? first.Fault ?? $"list {first.Resource} has not ended yet" : null;

    public IEnumerable<string> Limitations => _all.Select(watch => watch.Fault).Append(ServicesUnknownReason).OfType<string>();

    private Watched<Node> Nodes { get; }

    private Watched<ServiceCidr> ServiceCidrs { get; }

    private Watched<IpAddress> IpAddresses { get; }

    private Watched<EndpointSlice> ApiServer { get; }

    /// <summary>The current ranges.</summary>
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

    /// <summary>The reason why the range of Services is not known; null while it is.</summary>
    private string? ServicesUnknownReason => ServiceCidrs.State switch
    {
        _ when _isConfigured => null,
        { IsForbidden: true } => "the range of Services is not known: servicecidrs.networking.k8s.io may not be listed",
        { IsServed: false } => "the range of Services is not known: servicecidrs.networking.k8s.io are served by Kubernetes 1.33 and later",
        _ => null,
    };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll([.. _all.Select(watch => watch.RunAsync(stoppingToken)), LogAsync(stoppingToken)]);
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

    private Watched<T> Watch<T>(ApiResource resource, JsonTypeInfo<T> type)
        where T : KubernetesObject
    {
        var watched = new Watched<T>(_api, resource, type, _changes.Writer, _seams, isRequired: false);
        _all.Add(watched);
        return watched;
    }

    private async Task LogAsync(CancellationToken stoppingToken)
    {
        while (await _changes.Reader.WaitToReadAsync(stoppingToken))
        {
            _changes.Reader.TryRead(out _);
            var reason = ServicesUnknownReason;
            if (reason is not null && reason != _logged)
                _seams.Log.ServicesUnknown(reason);
            _logged = reason;
        }
    }

    private sealed class Snapshot(
        CacheState<Node> nodes, CacheState<ServiceCidr> services, CacheState<IpAddress> addresses, CacheState<EndpointSlice> server)
    {
        private readonly Lazy<ClusterAddresses> _addresses =
            new(() => new(nodes.Items.Values, services.Items.Values, addresses.Items.Values, server.Items.Values));
        private readonly object[] _states = [nodes.Items, services.Items, addresses.Items, server.Items];

        public ClusterAddresses Addresses => _addresses.Value;

        public bool IsOf(Snapshot other) => _states.Zip(other._states).All(pair => ReferenceEquals(pair.First, pair.Second));
    }
}

internal static partial class RangesLog
{
    [LoggerMessage(6501, LogLevel.Warning,
        "{Reason}, so a dial-back could reach a Service: name the range, --service-cluster-ip-range of the kube-apiserver, with "
            + "--cluster-range CIDR")]
    public static partial void ServicesUnknown(this ILogger log, string reason);
}
