using System.Threading.Channels;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;
using SmmDashboard.Status;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>The agents of all WorkloadGroups as objects of the cluster: the store, the watch, the writes and the sweeper.</summary>
public sealed class AttachedMachines : BackgroundService, IReadiness, IMetricSource, IMachineSource
{
    private const string LeaseName = "smm-dashboard-sweeper";

    private static readonly TimeSpan TidyInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly MachineSeams _seams;
    private readonly Reflector<AttachedMachine> _reflector;
    private readonly KnownMachines _machines;
    private readonly MachineFaults _faults;
    private readonly StatusQueue _queue;
    private readonly MachineStore _store;
    private readonly Lease _lease;
    private readonly Sweeper _sweeper;
    private readonly MachineApi _calls;
    private readonly IMachineSource? _memory;
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <param name="api">The cluster.</param>
    /// <param name="groups">The owners of the machines.</param>
    /// <param name="memory">Keeps agents while the cluster cannot: its kind or a right is missing.</param>
    /// <param name="settings">The dashboard itself.</param>
    /// <param name="seams">Clock, chance and log.</param>
    public AttachedMachines(KubernetesApi api, MachineGroups groups, IAgentStore memory, MachineSettings settings, MachineSeams seams)
    {
        _seams = seams;
        _memory = memory as IMachineSource;
        _calls = new MachineApi(api);
        Cache = new Cache<AttachedMachine>(_changes.Writer, seams.Time);
        _reflector = new(
            api, MachineApi.Resource, KubernetesJson.Default.AttachedMachine, Cache,
            new ReflectorSeams(seams.Time, new Random(seams.Random.Next()), seams.Log));
        _machines = new KnownMachines(Cache, seams.Time);
        _faults = new MachineFaults(seams.Time, seams.Log);
        var writer = new MachineWriter(_calls, _machines, groups, seams.Time);
        _queue = new StatusQueue(writer, _faults, seams with { Random = new Random(seams.Random.Next()) });
        _store = new MachineStore(new(_machines, writer, _queue, groups, _faults), memory, settings, seams);
        // As in client-go, two processes on one host are two candidates.
        _lease = new Lease(api, settings.Namespace, LeaseName, $"{settings.Replica}_{seams.Random.NextInt64():x16}", seams);
        _sweeper = new Sweeper(_calls, _machines, _lease, seams);
    }

    public IAgentStore Store => _store;

    /// <summary>The watched kinds.</summary>
    public Cache<AttachedMachine> Cache { get; }

    /// <summary>How many reports wait to be written.</summary>
    public int Queued => _queue.Count;

    /// <summary>Whether this replica sweeps silent machines.</summary>
    public bool IsSweeping => _lease.IsHeld;

    /// <summary>The missing kind or the outage, in one line; null when there is none.</summary>
    public string? Fault => _faults.Detail ?? _machines.Fault ?? _queue.WaitingFor ?? _lease.Fault;

    // Without the kind or the right to it there is nothing to wait for.
    public string? WaitsFor =>
        Cache.State is { IsSynced: false, IsForbidden: false } state ? state.Fault
        ?? $"list {MachineApi.Resource} has not ended yet" : null;

    public IEnumerable<string> Limitations => Fault is { } fault ? [$"machines: {fault}"] : [];

    public IEnumerable<Metric> Metrics =>
    [
        Metric.Gauge("smm_dashboard_machines", "AttachedMachines of the cluster.", new Sample(_machines.Count)),
        Metric.Gauge("smm_dashboard_machines_in_memory",
            "1 while agents are kept in the memory of this replica, because a kind or a right is missing.",
            new Sample(_machines.IsServed && _faults.Detail is null ? 0 : 1)),
        Metric.Gauge("smm_dashboard_machines_sweeping", "1 on the replica that sweeps silent machines.", new Sample(IsSweeping ? 1 : 0)),
        Metric.Gauge("smm_dashboard_reports_queued", "Reports that wait to be written.", new Sample(Queued)),
        Metric.Counter("smm_dashboard_reports_written_total", "Queued reports that were written.", new Sample(_queue.Written)),
        Metric.Counter("smm_dashboard_reports_dropped_total", "Queued reports that could not be written.", new Sample(_queue.Dropped)),
    ];

    public ChannelReader<bool> Changes => _changes.Reader;

    /// <remarks>With the machines that are kept in memory, because a kind or a right is missing.</remarks>
    public IEnumerable<ObservedMachine> Machines =>
        _machines.Watched.Select(machine => machine.Summary).Concat(_memory?.Machines ?? []);

    public async ValueTask<MachineReportView?> ReadAsync(GroupId group, string id, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(group.Namespace, id);
        if (_machines.Find(key) is null)
            return _memory is null ? null : await _memory.ReadAsync(group, id, cancellationToken);

        try
        {
            return MachineReport.View(await _calls.GetAsync(key, cancellationToken));
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            return null;
        }
        catch (ApiException fault)
        {
            throw new UnavailableException("the machine cannot be read from the Kubernetes API now", fault.RetryAfter ?? Soon, fault);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _queue.FlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _store.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        WatchedAsync(_reflector.RunAsync(stoppingToken)), WatchedAsync(_queue.RunAsync(stoppingToken)),
        WatchedAsync(_lease.RunAsync(stoppingToken)),
        WatchedAsync(_sweeper.RunAsync(stoppingToken)), WatchedAsync(TidyAsync(stoppingToken)));

    private async Task WatchedAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception defect)
        {
            _seams.Defect(defect);
        }
    }

    private async Task TidyAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            _faults.Served(_machines.IsServed);
            _machines.Tidy();
            await Task.Delay(TidyInterval, _seams.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
