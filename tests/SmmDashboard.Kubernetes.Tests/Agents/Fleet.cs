using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Agents;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tests.Watching;
using SmmDashboard.Kubernetes.Watching;
using WorkloadGroupObject = SmmDashboard.Kubernetes.Objects.WorkloadGroupObject;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>
/// A namespace with the WorkloadGroups a and b, and replicas of the dashboard's store, whose time passes as fast as the test likes.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly RunningApiServer _server;
    private readonly string _groupKind;
    private readonly List<Replica> _replicas = [];

    private Fleet(RunningApiServer server, string space, string groupKind) => (_server, Namespace, _groupKind) = (server, space, groupKind);

    /// <summary>Begins an hour before the server's time, so that what is written stays in the server's past.</summary>
    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow - TimeSpan.FromHours(1));

    public string Namespace { get; }

    public GroupId A => new(Namespace, "a");

    public GroupId B => new(Namespace, "b");

    public string GroupApi => $"apis/{_groupKind}/v1beta1";

    public static async Task<Fleet> StartAsync(RunningApiServer server, bool withKind = true)
    {
        await server.RequireAsync();
        if (withKind)
            await MachineKind.InstallAsync(server);
        // A group of its own: other tests have Istio's.
        var kind = $"g{Guid.NewGuid():N}.example";
        await server.AdminAsync(HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions", $$"""
            {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: workloadgroups.{{kind}} }, spec: {group: {{kind}}, scope: Namespaced,
             names: {plural: workloadgroups, singular: workloadgroup, kind: WorkloadGroup, listKind: WorkloadGroupList},
             versions: [{name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }]} }
            """);
        var fleet = new Fleet(server, await WatchedConfigMaps.NewNamespaceAsync(server), kind);
        await fleet.MakeGroupAsync("a");
        await fleet.MakeGroupAsync("b");
        return fleet;
    }

    /// <summary>Starts a replica and waits until it knows the cluster.</summary>
    public async Task<Replica> ReplicaAsync(
        string name, FaultProxy? proxy = null, string token = RunningApiServer.AdminToken, int limit = 10_000, bool isSynced = true,
        TimeProvider? time = null, Rate? newAgents = null)
    {
        var address = proxy?.Address ?? _server.Address;
        var replica = new Replica(this, new KubernetesApi(
            ApiSettings.InCluster(
                variable => variable == "KUBERNETES_SERVICE_HOST" ? address.Host : $"{address.Port}", _server.ServiceAccountFolder(token),
                TimeProvider.System),
            TimeProvider.System), _groupKind,
            new MachineSettings(Namespace, name) { LimitPerGroup = limit, NewAgents = newAgents ?? new Rate(1_000_000, 1_000) },
            time ?? Time);
        _replicas.Add(replica);
        await replica.StartAsync();
        if (isSynced)
            await PassUntilAsync(() => replica.Machines.Cache.State.IsSynced && replica.KnowsGroups, "synced",
                lastSeen: () => replica.Machines.Cache.State.Fault ?? "");
        return replica;
    }

    public static PresentedAgent Agent(string key = "key") => new(Guid.NewGuid(), SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public static AgentReport Report(
        string? address = "192.0.2.1", string host = "vm", string attached = "True", string message = "all is well",
        string? instance = null) => new()
        {
            Host = new(host, "Debian GNU/Linux 12 (bookworm)", "amd64"),
            Address = address is null ? null : new(address, "route"),
            InterfaceAddresses = ["192.0.2.1", "fe80::1%eth0"],
            Versions = new("1.2.3", "1.20.0"),
            Conditions =
        [
            new() { Type = "ConfigCurrent", Status = attached,
                Reason = attached switch { "True" => "Attached", "Unknown" => "Pending", _ => "NotAttached" }, Message = message,
                LastTransitionTime = DateTimeOffset.UnixEpoch },
        ],
            ReportedAt = DateTimeOffset.UnixEpoch,
            Instance = instance,
        };

    /// <summary>The object as the administrator sees it; null when there is none.</summary>
    public async Task<JsonNode?> ObjectAsync(Guid uuid)
    {
        using var response = await _server.Admin.GetAsync(PathOf(uuid), TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)) : null;
    }

    public async Task<JsonNode> StatusAsync(Guid uuid) =>
        (await ObjectAsync(uuid))?["status"] ?? throw new InvalidOperationException("the machine has no status");

    public static JsonNode? Condition(JsonNode status, string type) =>
        status["conditions"]!.AsArray().SingleOrDefault(one => (string?)one!["type"] == type);

    public string PathOf(Guid uuid) => $"{MachineKind.Api}/namespaces/{Namespace}/attachedmachines/{uuid:D}";

    public Task DeleteAsync(Guid uuid) => _server.AdminAsync(HttpMethod.Delete, PathOf(uuid));

    /// <summary>Lets the fake time pass, a second each 20 ms, until it is so.</summary>
    public Task PassUntilAsync(Func<bool> condition, string what, TimeSpan? step = null, Func<string>? lastSeen = null) => Until.TrueAsync(
        () =>
        {
            Time.Advance(step ?? TimeSpan.FromSeconds(1));
            return condition();
        },
        what, lastSeen: lastSeen);

    /// <summary>Lets so much time pass, in steps that give the replicas a moment each.</summary>
    public async Task PassAsync(TimeSpan span, TimeSpan? step = null)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += step ?? TimeSpan.FromSeconds(1))
        {
            Time.Advance(step ?? TimeSpan.FromSeconds(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
    }

    private Task MakeGroupAsync(string name) => Until.TrueAsync(
        () =>
        {
            // A new kind is not served at once.
            var body = new StringContent(
                $"{{apiVersion: {_groupKind}/v1beta1, kind: WorkloadGroup, metadata: {{name: {name}}}, spec: {{template: "
                    + "{serviceAccount: vms}}}", Encoding.UTF8, "application/yaml");
            using var request = new HttpRequestMessage(
                HttpMethod.Post, new Uri(_server.Address, $"{GroupApi}/namespaces/{Namespace}/workloadgroups"))
            { Content = body };
            using var response = _server.Admin.Send(request, TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        },
        $"the WorkloadGroup {name} is made");
}

/// <summary>The part of a replica of the dashboard that stores machines.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly KubernetesApi _api;
    private readonly Cache<WorkloadGroupObject> _groups;
    private readonly Task _groupsRun;
    private readonly List<Exception> _defects = [];
    private bool _isStopped;

    public Replica(Fleet fleet, KubernetesApi api, string groupKind, MachineSettings settings, TimeProvider time)
    {
        _api = api;
        _groups = new Cache<WorkloadGroupObject>(Channel.CreateUnbounded<bool>().Writer, fleet.Time);
        _groupsRun = new Reflector<WorkloadGroupObject>(
            api, new ApiResource(groupKind, "workloadgroups", ["v1beta1"]), KubernetesJson.Default.WorkloadGroupObject, _groups,
            new ReflectorSeams(fleet.Time, new Random(1), NullLogger.Instance)).RunAsync(_end.Token);
        Machines = new AttachedMachines(
            api, new MachineGroups(() => _groups.State, _ => Entries),
            new FileAgentStore(null, fleet.Time, NullLogger<FileAgentStore>.Instance, NewAgents.DefaultRate), settings,
            new MachineSeams(time, new Random(2), Log, _defects.Add));
    }

    public AttachedMachines Machines { get; }

    public IAgentStore Store => Machines.Store;

    /// <summary>The WorkloadEntries that istiod made.</summary>
    public IReadOnlyList<WorkloadEntry> Entries { get; set; } = [];

    public LogLines Log { get; } = new();

    public bool KnowsGroups => _groups.State.Items.Count == 2;

    public Task StartAsync() => Machines.StartAsync(TestContext.Current.CancellationToken);

    public async Task<ReportOutcome> ReportAsync(GroupId group, PresentedAgent agent, AgentReport report) =>
        await Store.ReportAsync(group, agent, report, TestContext.Current.CancellationToken);

    public async Task<KnownAgent?> FindAsync(GroupId group, Guid uuid) =>
        await Store.FindAsync(group, uuid, TestContext.Current.CancellationToken);

    public async Task StopAsync()
    {
        if (_isStopped)
            return;
        _isStopped = true;
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await Machines.StopAsync(soon.Token);
        Assert.Empty(_defects);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _end.CancelAsync();
        await _groupsRun;
        Machines.Dispose();
        _api.Dispose();
        _end.Dispose();
    }
}

/// <summary>A clock that can be set: timestamps and timers do not follow it.</summary>
internal sealed class SetClock(TimeProvider time) : TimeProvider
{
    /// <summary>How far it was set ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Ahead;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}

/// <summary>The lines that were logged.</summary>
internal sealed class LogLines : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
