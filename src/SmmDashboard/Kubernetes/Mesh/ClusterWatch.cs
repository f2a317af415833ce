using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;
using SmmDashboard.Status;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>Watches every kind that mesh configurations and registrations are made of.</summary>
public sealed class ClusterWatch : BackgroundService, IReadiness, IMetricSource
{
    // Full means that a composition is due: changes that arrive together cause one.
    private readonly Channel<bool> _changes = Changes();
    private readonly List<IWatched> _all = [];
    private readonly KubernetesApi _api;
    private readonly ReflectorSeams _seams;
    private readonly TimeProvider _clock;
    private readonly BackgroundFailure _fault;

    private readonly Watched<Namespace> _namespaces;
    private readonly List<Watched<ConfigMap>> _configMaps = [];
    private readonly List<Watched<Service>> _services = [];
    private readonly List<Watched<EndpointSlice>> _endpointSlices = [];
    private readonly List<Watched<Deployment>> _deployments = [];
    private readonly Watched<WebhookConfiguration> _mutatingWebhooks;
    private readonly Watched<WebhookConfiguration> _validatingWebhooks;
    private readonly List<Watched<IstioControlPlane>> _controlPlanes = [];
    private readonly List<Watched<PeerIstioControlPlane>> _peers = [];
    private readonly List<Watched<ApiGateway>> _gateways = [];
    private readonly Watched<ClusterTrustBundle> _trustBundles;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Watched<ConfigMap>> _rootCertificates = [];
    private CancellationToken _stopping;
    private bool _isRunning;
    private volatile bool _hasStarted;

    public ClusterWatch(KubernetesApi api, KubernetesOptions options, TimeProvider clock, Random random, ILogger<ClusterWatch> log,
        BackgroundFailure fault)
    {
        (_api, _clock, _fault) = (api, clock, fault);
        _seams = new ReflectorSeams(clock, random, log);
        var json = KubernetesJson.Default;
        _namespaces = Watch(ClusterKinds.Namespaces, json.Namespace);
        _mutatingWebhooks = Watch(ClusterKinds.MutatingWebhooks, json.WebhookConfiguration, isRequired: false);
        _validatingWebhooks = Watch(ClusterKinds.ValidatingWebhooks, json.WebhookConfiguration, isRequired: false);
        WorkloadGroups = Watch(ClusterKinds.WorkloadGroups, json.WorkloadGroupObject);
        _trustBundles = Watch(ClusterKinds.TrustBundles, json.ClusterTrustBundle, isRequired: false);
        foreach (var space in options.IstioNamespaces)
        {
            _configMaps.Add(Watch(ClusterKinds.ConfigMaps with { Namespace = space }, json.ConfigMap));
            _endpointSlices.Add(Watch(ClusterKinds.EndpointSlices with { Namespace = space }, json.EndpointSlice, isRequired: false));
            _deployments.Add(Watch(ClusterKinds.Deployments with { Namespace = space }, json.Deployment, isRequired: false));
            _controlPlanes.Add(Watch(
                ClusterKinds.IstioControlPlanes with { Namespace = space }, json.IstioControlPlane, isRequired: false));
            _peers.Add(
                Watch(ClusterKinds.PeerIstioControlPlanes with { Namespace = space }, json.PeerIstioControlPlane, isRequired: false));
            _gateways.Add(Watch(ClusterKinds.ApiGateways with { Namespace = space }, json.ApiGateway, isRequired: false));
        }

        foreach (var space in options.IstioNamespaces.Concat(options.Gateways.Select(gateway => gateway.Namespace))
            .Distinct(StringComparer.Ordinal))
            _services.Add(Watch(ClusterKinds.Services with { Namespace = space }, json.Service));

        // Heartbeats and health of thousands of entries do not require a new composition of the mesh.
        WorkloadEntries = new Watched<WorkloadEntry>(
            api, ClusterKinds.WorkloadEntries, json.WorkloadEntry, Changes().Writer, _seams, isRequired: false);
        _all.Add(WorkloadEntries);
        FollowRootCertificates([IstioNames.RootCertificate]);
    }

    public Watched<WorkloadGroupObject> WorkloadGroups { get; }

    public Watched<WorkloadEntry> WorkloadEntries { get; }

    /// <summary>Those of the namespaces of control planes and of named gateways.</summary>
    public IEnumerable<Service> Services => Distinct(_services);

    /// <summary>Signals that objects of the mesh may have changed.</summary>
    public ChannelReader<bool> Changed => _changes.Reader;

    /// <summary>
    /// Whether everything that the mesh is composed of was listed. WorkloadEntries are no part of it, and no change of theirs is announced.
    /// </summary>
    public bool IsSynced => Watches().All(watch => watch == WorkloadEntries || watch.IsSynced);

    public string? WaitsFor
    {
        get
        {
            // A replica that has started stays ready: what is watched later must not take all replicas away together.
            if (_hasStarted)
                return null;
            var missing = Watches().FirstOrDefault(watch => !watch.IsSynced);
            _hasStarted = missing is null;
            return missing is null ? null : missing.Fault ?? $"list {missing.Resource} has not ended yet";
        }
    }

    public IEnumerable<string> Limitations => Watches().Select(watch => watch.Fault).OfType<string>();

    public IEnumerable<Metric> Metrics
    {
        get
        {
            var now = _clock.GetUtcNow();
            var watches = Watches();
            yield return Metric.Gauge("smm_dashboard_watch_age_seconds", "Seconds since the API server last sent anything about a kind.",
                [.. watches.Where(watch => watch.LastAnswer is not null)
                    .Select(watch => new Sample((now - watch.LastAnswer!.Value).TotalSeconds, ("kind", watch.Resource.ToString())))]);
            yield return Metric.Gauge("smm_dashboard_watch_objects", "Objects of a kind that are known.",
                [.. watches.Select(watch => new Sample(watch.Count, ("kind", watch.Resource.ToString())))]);
            yield return Metric.Gauge("smm_dashboard_watch_failing", "1 while a kind is not up to date; the log has the reason.",
                [.. watches.Select(watch => new Sample(watch.Fault is null ? 0 : 1, ("kind", watch.Resource.ToString())))]);
            yield return Metric.Counter("smm_dashboard_watch_unreadable_total", "Objects and lines that could not be read.",
                [.. watches.Select(watch => new Sample(watch.Unreadable, ("kind", watch.Resource.ToString())))]);
        }
    }

    /// <summary>All objects as they are known now.</summary>
    public ClusterObjects Snapshot() => new()
    {
        Namespaces = [.. _namespaces.Items],
        ConfigMaps = [.. Distinct(_configMaps.Concat(RootCertificates()))],
        Services = [.. Distinct(_services)],
        EndpointSlices = [.. Distinct(_endpointSlices)],
        Deployments = [.. Distinct(_deployments)],
        MutatingWebhooks = [.. _mutatingWebhooks.Items],
        ValidatingWebhooks = [.. _validatingWebhooks.Items],
        WorkloadGroups = [.. WorkloadGroups.Items],
        IstioControlPlanes = [.. Distinct(_controlPlanes)],
        PeerIstioControlPlanes = [.. Distinct(_peers)],
        ApiGateways = [.. Distinct(_gateways)],
        ClusterTrustBundles = [.. _trustBundles.Items],
    };

    /// <summary>The uid of an object that an Event is about; null when it is not known.</summary>
    public string? Uid(ObjectReference reference)
    {
        var key = new ObjectKey(reference.Namespace, reference.Name);
        return reference.Kind switch
        {
            "WorkloadGroup" => Of([WorkloadGroups]),
            "Namespace" => Of([_namespaces]),
            "ConfigMap" => Of(_configMaps.Concat(RootCertificates())),
            "Service" => Of(_services),
            "Deployment" => Of(_deployments),
            "IstioControlPlane" => Of(_controlPlanes),
            "Gateway" => Of(_gateways),
            _ => null,
        };

        string? Of<T>(IEnumerable<Watched<T>> watches)
            where T : KubernetesObject =>
            watches.Select(watch => watch.State.Items.GetValueOrDefault(key)?.Metadata.Uid)
            .FirstOrDefault(uid => !string.IsNullOrEmpty(uid));
    }

    /// <summary>
    /// Watches ConfigMaps of these names in all namespaces: istiod writes its root certificate into every namespace, under a name of its
    /// revision.
    /// </summary>
    /// <returns>Whether there are new ones among them, which are not listed yet.</returns>
    public bool FollowRootCertificates(IEnumerable<string> names)
    {
        lock (_lock)
        {
            var added = names.Distinct(StringComparer.Ordinal).Where(name => !_rootCertificates.ContainsKey(name)).ToList();
            foreach (var name in added)
            {
                var watch = new Watched<ConfigMap>(
                    _api, ClusterKinds.ConfigMaps with { FieldSelector = $"metadata.name={name}" }, KubernetesJson.Default.ConfigMap,
                    _changes.Writer, _seams, isRequired: false);
                _rootCertificates.Add(name, watch);
                if (_isRunning)
                    _ = RunAsync(watch);
            }

            return added.Count > 0;
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<IWatched> watches;
        lock (_lock)
        {
            (_stopping, _isRunning) = (stoppingToken, true);
            watches = [.. _all, .. _rootCertificates.Values];
        }

        return Task.WhenAll(watches.Select(RunAsync));
    }

    private async Task RunAsync(IWatched watch)
    {
        try
        {
            await watch.RunAsync(_stopping);
        }
        catch (Exception exception)
        {
            _fault.Report($"{nameof(ClusterWatch)} of {watch.Resource}", exception);
        }
    }

    private List<IWatched> Watches()
    {
        lock (_lock)
            return [.. _all, .. _rootCertificates.Values];
    }

    private List<Watched<ConfigMap>> RootCertificates()
    {
        lock (_lock)
            return [.. _rootCertificates.Values];
    }

    private Watched<T> Watch<T>(ApiResource resource, JsonTypeInfo<T> type, bool isRequired = true)
        where T : KubernetesObject
    {
        var watch = new Watched<T>(_api, resource, type, _changes.Writer, _seams, isRequired);
        _all.Add(watch);
        return watch;
    }

    // The root certificate of an Istio namespace is seen by two watches.
    private static IEnumerable<T> Distinct<T>(IEnumerable<Watched<T>> watches)
        where T : KubernetesObject =>
        watches.SelectMany(watch => watch.Items).DistinctBy(item => ObjectKey.From(item.Metadata));

    private static Channel<bool> Changes() =>
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
}
