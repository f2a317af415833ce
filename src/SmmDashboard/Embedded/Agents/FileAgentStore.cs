using System.Net;
using System.Threading.Channels;
using SmmAgent.Contract;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Agents;

/// <summary>Stores agents in memory and, if a folder is configured, in files.</summary>
public sealed class FileAgentStore : IAgentStore, IMachineSource
{
    public const int DefaultLimit = 10_000;

    // The agents of a group that is no longer served are never requested again.
    private const int MostGroups = 1_000;

    /// <summary>The silence after which even a proven agent may be removed from a full group.</summary>
    private static readonly TimeSpan Expiry = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, Dictionary<Guid, KnownAgent>> _groups = [];
    private readonly AgentFiles? _files;
    private readonly TimeProvider _clock;
    private readonly ILogger<FileAgentStore> _log;
    private readonly int _limit;
    private readonly NewAgents _new;
    private readonly FirstReports _first;
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
        (_first, KeepsReports) = (new FirstReports(clock, log), keepsReports);
        foreach (var (group, uuid, agent, report) in files?.Load() ?? [])
            Group(group)[uuid] = report is null ? agent : Keep(group, uuid, agent, report);
    }

    /// <summary>Whether reports are kept in memory, so that they can be shown.</summary>
    public bool KeepsReports { get; }

    public ChannelReader<bool> Changes => _changes.Reader;

    /// <remarks>An agent whose report is not known is shown when it reports again.</remarks>
    public IEnumerable<ObservedMachine> Machines
    {
        get
        {
            lock (_lock)
                return [.. _groups.Values.SelectMany(agents => agents.Values).Select(agent => agent.Report?.Summary)
                    .OfType<ObservedMachine>()];
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

    public ValueTask<ReportOutcome> ReportAsync(
        GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Report(group, identity, report));

    /// <remarks>An address belongs to one host. Of several agents that were reached at an address, the last one counts.</remarks>
    public void Prove(GroupId group, Guid uuid)
    {
        lock (_lock)
        {
            if (_groups.GetValueOrDefault(group) is not { } agents || !agents.TryGetValue(uuid, out var agent) || agent.IsProven)
                return;

            agents[uuid] = agent with { IsProven = true };
            var sameAddress = agents.Where(one => one.Key != uuid && one.Value.IsProven && Equals(one.Value.Address, agent.Address));
            foreach (var (other, before) in sameAddress.ToList())
                agents[other] = before with { IsProven = false };
        }
    }

    private KnownAgent Keep(GroupId group, Guid uuid, KnownAgent agent, AgentReport report) => !KeepsReports ? agent
        : agent with
        {
            Report = KeptReport.From(report, new ObservedMachine
            {
                Group = group, Id = uuid.ToString("D"), Address = agent.Address, LastSeen = agent.SeenAt, Instances = agent.Instances,
            }),
        };

    private static KnownAgent KeepInstances(KnownAgent agent) => agent.Report is not { } kept ? agent
        : agent with { Report = kept with { Summary = kept.Summary with { Instances = agent.Instances } } };

    private KnownAgent? Find(GroupId group, Guid uuid)
    {
        lock (_lock)
            return _groups.GetValueOrDefault(group)?.GetValueOrDefault(uuid);
    }

    private ReportOutcome Report(GroupId group, PresentedAgent identity, AgentReport report)
    {
        var address = report.Address is { } reported ? IPAddress.Parse(reported.Value) : null;
        var now = _clock.GetUtcNow();
        KnownAgent agent;
        InstanceVerdict instances;
        bool isFirst;
        lock (_lock)
        {
            var agents = Group(group);
            isFirst = !agents.TryGetValue(identity.Uuid, out var known);
            if (known?.HasKey(identity) == false)
                return ReportOutcome.KeyMismatch;
            if (isFirst && !_new.Allow(group))
                return ReportOutcome.TooManyNew;
            if (isFirst && agents.Count >= _limit && !EvictOldest(group, agents))
                return ReportOutcome.Full;

            instances = (known?.Instances ?? AgentInstances.None).Report(report, now);
            agent = instances.IsRefused
                ? known! with { Instances = instances.After }
                : new KnownAgent(identity.KeySha256, address, now) { Instances = instances.After, IsProven = known?.IsProven == true };
            agent = instances.IsRefused ? KeepInstances(agent) : Keep(group, identity.Uuid, agent, report);
            agents[identity.Uuid] = agent;
            if (isFirst && report.Instance is { } instance)
                RemoveInstanceElsewhere(group, agents, identity.Uuid, instance);
        }

        _changes.Writer.TryWrite(true);
        if (isFirst)
            _first.Report(group, identity.Uuid, report);
        if (instances.Begins)
            _log.DuplicateBegins(identity.Uuid, group, agent.Instances.Hosts(now));
        if (instances.Ends)
            _log.DuplicateEnds(identity.Uuid, group);
        if (instances.IsRefused)
            return ReportOutcome.Duplicate;

        return _files?.TryWrite(group, identity.Uuid, agent, report, durable: isFirst) == false
            ? ReportOutcome.NotWritten
            : ReportOutcome.Kept;
    }

    // A host that has got its own uuid is no longer a duplicate under the other uuid.
    private void RemoveInstanceElsewhere(GroupId group, Dictionary<Guid, KnownAgent> agents, Guid uuid, string instance)
    {
        var others = agents.Where(one => one.Key != uuid && one.Value.Instances.Seen.Any(seen => seen.Id == instance));
        foreach (var (other, agent) in others.ToList())
        {
            var now = _clock.GetUtcNow();
            agents[other] = KeepInstances(agent with { Instances = agent.Instances.Without(instance) });
            if (agent.Instances.Hosts(now).Length > 0 && agents[other].Instances.Hosts(now).Length == 0)
                _log.DuplicateEnds(other, group);
        }
    }

    private Dictionary<Guid, KnownAgent> Group(GroupId group)
    {
        if (!_groups.TryGetValue(group, out var agents))
        {
            if (_groups.Count >= MostGroups)
                _groups.Remove(_groups.MinBy(one => one.Value.Values.Select(agent => agent.SeenAt).DefaultIfEmpty().Max()).Key);
            _groups[group] = agents = [];
        }

        return agents;
    }

    private bool EvictOldest(GroupId group, Dictionary<Guid, KnownAgent> agents)
    {
        var (uuid, oldest) = agents.MinBy(agent => (agent.Value.IsProven, agent.Value.SeenAt));
        if (oldest.IsProven && _clock.GetUtcNow() - oldest.SeenAt < Expiry)
            return false;
        if (!oldest.IsProven)
            _new.Evicted(group, uuid, _limit);

        agents.Remove(uuid);
        _changes.Writer.TryWrite(true);
        _files?.Remove(group, uuid);
        return true;
    }
}
