using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Packages;
using SmmDashboard.Status;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>Composes the configuration of every WorkloadGroup whenever objects change, and makes it the current one.</summary>
public sealed class KubernetesMesh(
    ClusterWatch cluster, CurrentMesh mesh, KubernetesOptions options, SidecarPackages packages, FaultReports reports, TimeProvider clock,
    BackgroundFailure fault)
    : BackgroundService, IReadiness, IMetricSource
{
    /// <summary>How long the last configuration of a revision that is gone is served.</summary>
    public static readonly TimeSpan KeepWithoutRevision = TimeSpan.FromMinutes(10);

    // The changes of one command arrive within milliseconds; constant changes of a cluster must not delay the composition for long.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CheckAgain = TimeSpan.FromMinutes(1);

    private readonly MeshSettings _settings = new(options.PublicUrl, options.MinimumAgentVersion);
    private readonly Dictionary<GroupId, DateTimeOffset> _withoutRevision = [];
    private readonly Dictionary<GroupId, (ServedGroup Good, string Problems, ServedGroup Served)> _marked = [];
    private volatile ComposedMesh _composed = ComposedMesh.Empty;

    /// <summary>The last composition.</summary>
    public ComposedMesh Composed => _composed;

    public string? WaitsFor => mesh.IsSynced ? null : cluster.WaitsFor ?? "the mesh is not composed yet";

    public IEnumerable<Metric> Metrics
    {
        get
        {
            var groups = _composed.Groups.Values.ToList();
            yield return Metric.Gauge(
                "smm_dashboard_workload_groups", "WorkloadGroups by what is served: the current configuration, the last good one, or none.",
                new(groups.Count(group => group.IsCurrent), ("configuration", "current")),
                new(groups.Count(group => !group.IsCurrent && group.Served is not null), ("configuration", "last-good")),
                new(groups.Count(group => group.Served is null), ("configuration", "none")));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await ChangeAsync(stoppingToken);
                if (!cluster.IsSynced)
                    continue;

                // Kinds that the composition turned out to need must be listed first.
                var composed = Compose(await packages.ListAsync(stoppingToken));
                if (!cluster.FollowRootCertificates(composed.ControlPlanes.Select(plane => plane.RootCertificateName)))
                    Publish(composed);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            fault.Report(nameof(KubernetesMesh), exception);
        }
    }

    private async Task ChangeAsync(CancellationToken stoppingToken)
    {
        if (!await WaitAsync(CheckAgain, stoppingToken))
            return; // a wait can also end without a change

        var started = clock.GetTimestamp();
        do
        {
            cluster.Changed.TryRead(out _);
        }
        while (clock.GetElapsedTime(started) < LongestWait && await WaitAsync(Quiet, stoppingToken));
    }

    /// <summary>Whether something changed within the time.</summary>
    private async Task<bool> WaitAsync(TimeSpan time, CancellationToken stoppingToken)
    {
        using var deadline = new Deadline(time, clock, stoppingToken);
        try
        {
            return await cluster.Changed.WaitToReadAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private ComposedMesh Compose(IReadOnlyList<Package> offered) => MeshComposer.Compose(
        cluster.Snapshot(),
        new MeshOptions
        {
            IstioNamespaces = options.IstioNamespaces,
            Gateways = options.Gateways,
            DefaultRevision = options.DefaultRevision,
            ClusterSources = options.ClusterSources,
            Packages = offered,
        },
        _composed);

    private void Publish(ComposedMesh composed)
    {
        _composed = composed;
        Forget(composed);
        mesh.Replace(_settings, composed.Groups.Values.Select(Entry));
        reports.Publish(AllFaults());
    }

    private void Forget(ComposedMesh composed)
    {
        foreach (var gone in _withoutRevision.Keys.Concat(_marked.Keys).Where(id => !composed.Groups.ContainsKey(id)).ToList())
        {
            _withoutRevision.Remove(gone);
            _marked.Remove(gone);
        }
    }

    private GroupEntry Entry(ComposedGroup group)
    {
        var account = new ServiceAccount(group.Id.Namespace, group.ServiceAccount);
        var problems = group.Faults.Where(one => one.Blocks).Select(one => one.ToString()).ToList();
        var entry = IsOver(group) || group.Served is not { } served
            ? new GroupEntry(group.Id, account, null, string.Join("; ", problems))
            : new GroupEntry(group.Id, account, Marked(group.Id, served, problems));
        return group.Plane is { } plane ? entry with { SidecarAudience = plane.TokenAudience } : entry;
    }

    /// <summary>Whether its revision has been gone for so long that its configuration no longer helps.</summary>
    private bool IsOver(ComposedGroup group)
    {
        if (group.Plane is not null || !group.Faults.Any(one => one.Reason == FaultReasons.RevisionNotFound))
        {
            _withoutRevision.Remove(group.Id);
            return false;
        }

        var now = clock.GetUtcNow();
        _withoutRevision.TryAdd(group.Id, now);
        return now - _withoutRevision[group.Id] >= KeepWithoutRevision;
    }

    /// <summary>
    /// The last good configuration with the reasons why there is no newer one. The same instance while nothing changes, so that no request
    /// is woken.
    /// </summary>
    private ServedGroup Marked(GroupId id, ServedGroup good, List<string> problems)
    {
        if (problems.Count == 0)
        {
            _marked.Remove(id);
            return good;
        }

        var text = string.Join('\n', problems);
        if (!_marked.TryGetValue(id, out var marked) || !ReferenceEquals(marked.Good, good) || marked.Problems != text)
        {
            var config = good.Config
                with
            {
                Problems = [.. problems.Take(MeshConfig.MaximumProblems)
                    .Select(problem => OneLine.ReplaceUnprintable(problem, ' ', MeshConfig.MaximumProblemLength))]
            };
            _marked[id] = marked = (good, text, new ServedGroup(config));
        }

        return marked.Served;
    }

    private List<ObjectFault> AllFaults() =>
        [.. _composed.Faults.Concat(_composed.Groups.Values.SelectMany(group => group.Faults)).Distinct()];
}
