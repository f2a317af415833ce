using System.Net;
using System.Threading.Channels;
using SmmAgent.Contract;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Status;

namespace SmmDashboard.Embedded.Agents;

/// <summary>Stores agents in memory and, if a folder is configured, in files.</summary>
public sealed class FileAgentStore : IAgentStore, IMachineSource, IReadiness
{
    /// <summary>20,000 VMs may be in one WorkloadGroup.</summary>
    public const int DefaultLimit = 20_000;

    // More than a mesh description of the largest size has. The agents of a group that is no longer served are never requested again.
    private const int MostGroups = 100_000;

    /// <summary>The silence after which even a proven agent may be removed from a full group.</summary>
    private static readonly TimeSpan Expiry = TimeSpan.FromDays(30);

    private static readonly TimeSpan RemovalInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, EmbeddedGroup> _groups = [];
    private readonly HashSet<(GroupId Group, Guid Uuid)> _unread = [];
    private readonly Task _reading;
    private readonly AgentFiles? _files;
    private readonly AgentFileWrites _writes;
    private readonly TimeProvider _clock;
    private readonly ILogger<FileAgentStore> _log;
    private readonly int _limit;
    private readonly NewAgents _new;
    private DateTimeOffset _removedAt;
    private readonly FirstReports _first;
    private readonly Detachments _detachments;
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <param name="files">The files in which keys and reports survive a restart; null keeps them in memory only.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="log">Receives events for operators.</param>
    /// <param name="newAgents">The rate of new agents per group.</param>
    /// <param name="limitPerGroup">The maximum number of agents per group.</param>
    /// <param name="keepsReports">Whether reports are kept in memory, so that they can be shown.</param>
    public FileAgentStore(
        AgentFiles? files, TimeProvider clock, ILogger<FileAgentStore> log, Rate newAgents, int limitPerGroup = DefaultLimit,
        bool keepsReports = false)
    {
        (_files, _clock, _log, _limit, _new) = (files, clock, log, limitPerGroup, new NewAgents(newAgents, clock, log));
        (_first, _detachments, KeepsReports) = (new FirstReports(clock, log), new Detachments(clock, log), keepsReports);
        _writes = new AgentFileWrites(files, Find);
        _unread.UnionWith(files?.List() ?? []);
        _reading = _unread.Count == 0 ? Task.CompletedTask : Task.Run(ReadAll);
    }

    /// <remarks>Agents are already served: the file of one that makes a request is read at once.</remarks>
    public string? WaitsFor => _reading.IsCompleted ? null : "the files of the agents are being read";

    /// <summary>Whether reports are kept in memory, so that they can be shown.</summary>
    public bool KeepsReports { get; }

    public ChannelReader<bool> Changes => _changes.Reader;

    /// <remarks>An agent whose report is not known is shown when it reports again.</remarks>
    public IEnumerable<ObservedMachine> Machines
    {
        get
        {
            RemoveDetached(_clock.GetUtcNow());
            lock (_lock)
            {
                return
                [
                    .. _groups.Values.SelectMany(group => group.Agents).Select(agent => agent.Report?.Summary).OfType<ObservedMachine>(),
                ];
            }
        }
    }

    public ValueTask<MachineReportView?> ReadAsync(GroupId group, string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Guid.TryParse(id, out var uuid) && Find(group, uuid)?.Report is { Report: var report }
            ? new MachineReportView
            {
                OperatingSystem = $"{report.Host.Os} {report.Host.Architecture}".Trim(),
                InterfaceAddresses = report.InterfaceAddresses,
                Conditions = report.Conditions,
            }
            : null);

    public ValueTask<KnownAgent?> FindAsync(GroupId group, Guid uuid, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(group, uuid));

    public async ValueTask<ReportOutcome> ReportAsync(
        GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken)
    {
        if (Find(group, identity.Uuid) is null)
        {
            // A new agent may replace another one, so all of them must be known.
            await _reading.WaitAsync(cancellationToken);
            if (Find(group, identity.Uuid) is null && !report.Detached && !_new.Allow(group))
                return ReportOutcome.TooManyNew;
        }

        return Report(group, identity, report);
    }

    /// <remarks>An address belongs to one host. Of several agents that were reached at an address, the last one counts.</remarks>
    public void Prove(GroupId group, Guid uuid)
    {
        lock (_lock)
        {
            if (_groups.GetValueOrDefault(group) is not { } agents || !agents.TryFind(uuid, out var agent) || agent.IsProven)
                return;

            var others = agents.FindProven(agent.Address);
            agents.Set(uuid, agent with { IsProven = true });
            foreach (var other in others)
                agents.Set(other, agents.Find(other)! with { IsProven = false });
        }
    }

    // The files are read after the start of the process, which then does not depend on the number of agents.
    private void ReadAll()
    {
        (GroupId Group, Guid Uuid)[] all;
        lock (_lock)
            all = [.. _unread];
        foreach (var (group, uuid) in all)
            ReadUnread(group, uuid);
        _changes.Writer.TryWrite(true);
    }

    private void ReadUnread(GroupId group, Guid uuid)
    {
        lock (_lock)
        {
            if (!_unread.Contains((group, uuid)))
                return;
        }

        var read = _files!.Read(group, uuid);
        lock (_lock)
        {
            // Another thread may have read it meanwhile, and the agent may have reported since.
            if (_unread.Remove((group, uuid)) && read is var (agent, report))
                Group(group).Set(uuid, report is null ? agent : Keep(group, uuid, agent, report));
        }
    }

    private KnownAgent Keep(GroupId group, Guid uuid, KnownAgent agent, AgentReport report) => !KeepsReports ? agent
        : agent with
        {
            Report = KeptReport.From(report, new ObservedMachine
            {
                Group = group, Id = uuid.ToString("D"), Address = agent.Address, LastSeen = agent.SeenAt, Instances = agent.Instances,
                IsDetached = agent.IsDetached,
            }),
        };

    private KnownAgent? Find(GroupId group, Guid uuid)
    {
        if (!_reading.IsCompleted)
            ReadUnread(group, uuid);
        lock (_lock)
            return _groups.GetValueOrDefault(group)?.Find(uuid);
    }

    private ReportOutcome Report(GroupId group, PresentedAgent identity, AgentReport report)
    {
        var now = _clock.GetUtcNow();
        RemoveDetached(now);
        AgentChange change;
        lock (_lock)
            change = Apply(group, identity, report, now);

        // Nothing is written to the disk or to the log under the lock, which every request needs.
        if (change.Evicted is { } evicted)
            RemoveEvicted(group, evicted);
        if (change.Agent is not { } agent)
        {
            if (change.Outcome == ReportOutcome.Full)
                _new.Full(group, _limit);
            return change.Outcome;
        }

        _changes.Writer.TryWrite(true);
        if (change.IsFirst)
            _first.Report(group, identity.Uuid, report);
        if (change.Begins)
            _log.DuplicateBegins(identity.Uuid, group, agent.Instances.Hosts(now));
        foreach (var uuid in change.Ended)
            _log.DuplicateEnds(uuid, group);
        if (change.Outcome == ReportOutcome.Kept)
            _detachments.Report(group, identity.Uuid, report, change.WasDetached);
        return change.Outcome == ReportOutcome.Kept && !_writes.TryWrite(group, identity.Uuid, agent, report, durable: change.IsFirst)
            ? ReportOutcome.NotWritten
            : change.Outcome;
    }

    private AgentChange Apply(GroupId group, PresentedAgent identity, AgentReport report, DateTimeOffset now)
    {
        var agents = Group(group);
        var isFirst = !agents.TryFind(identity.Uuid, out var known);
        if (known?.HasKey(identity) == false)
            return new(ReportOutcome.KeyMismatch);
        if (known is null && report.Detached)
            return new(ReportOutcome.Kept);

        (Guid Uuid, KnownAgent Agent)? evicted = null;
        if (isFirst && agents.Count >= _limit && (evicted = EvictOldest(agents, now)) is null)
            return new(ReportOutcome.Full);

        var address = report.Address is { } reported ? IPAddress.Parse(reported.Value) : null;
        var instances = (known?.Instances ?? AgentInstances.None).Report(report, now);
        var agent = instances.IsRefused
            ? known!.WithInstances(instances.After)
            : Keep(group, identity.Uuid, new KnownAgent(identity.KeySha256, report.Detached ? known!.Address : address, now)
            {
                Instances = instances.After, IsProven = known?.IsProven == true && !report.Detached, IsDetached = report.Detached,
            }, report);
        agents.Set(identity.Uuid, agent);
        List<Guid> ended = instances.Ends ? [identity.Uuid] : [];
        if (isFirst && report.Instance is { } instance)
            ended.AddRange(RemoveInstanceElsewhere(agents, identity.Uuid, instance, now));
        return new(instances.IsRefused ? ReportOutcome.Duplicate : ReportOutcome.Kept, agent)
        {
            IsFirst = isFirst, Begins = instances.Begins, Ended = ended, Evicted = evicted, WasDetached = known?.IsDetached == true,
        };
    }

    // A host that has got its own uuid is no longer a duplicate under the other uuid.
    private static List<Guid> RemoveInstanceElsewhere(EmbeddedGroup agents, Guid uuid, string instance, DateTimeOffset now)
    {
        List<Guid> ended = [];
        foreach (var other in agents.FindInstance(instance).Where(other => other != uuid))
        {
            var agent = agents.Find(other)!;
            var remaining = agent.WithInstances(agent.Instances.Without(instance));
            agents.Set(other, remaining);
            if (agent.Instances.Hosts(now).Length > 0 && remaining.Instances.Hosts(now).Length == 0)
                ended.Add(other);
        }

        return ended;
    }

    private void RemoveEvicted(GroupId group, (Guid Uuid, KnownAgent Agent) evicted)
    {
        if (evicted.Agent is { IsProven: false, IsDetached: false })
            _new.Evicted(group, evicted.Uuid, _limit);
        _writes.Remove(group, evicted.Uuid);
    }

    private void RemoveDetached(DateTimeOffset now)
    {
        List<(GroupId Group, Guid Uuid)> removed = [];
        lock (_lock)
        {
            if ((now - _removedAt).Duration() < RemovalInterval)
                return;

            _removedAt = now;
            foreach (var (group, agents) in _groups)
                removed.AddRange(agents.FindDetached(now - Detachments.Memory).Select(uuid => (group, uuid)));
            foreach (var (group, uuid) in removed)
                _groups[group].Remove(uuid);
        }

        foreach (var (group, uuid) in removed)
            _writes.Remove(group, uuid);
    }

    private EmbeddedGroup Group(GroupId group)
    {
        if (!_groups.TryGetValue(group, out var agents))
        {
            if (_groups.Count >= MostGroups)
                _groups.Remove(_groups.MinBy(one => one.Value.Agents.Select(agent => agent.SeenAt).DefaultIfEmpty().Max()).Key);
            _groups[group] = agents = new();
        }

        return agents;
    }

    private static (Guid Uuid, KnownAgent Agent)? EvictOldest(EmbeddedGroup agents, DateTimeOffset now)
    {
        var oldest = agents.FindOldest();
        if (oldest.Agent.IsProven && now - oldest.Agent.SeenAt < Expiry)
            return null;

        agents.Remove(oldest.Uuid);
        return oldest;
    }
}
