using System.Diagnostics.CodeAnalysis;
using System.Net;
using SmmDashboard.Agents;

namespace SmmDashboard.Embedded.Agents;

/// <summary>
/// The agents of one WorkloadGroup, with indexes by instance and by the address at which an agent was reached, so that a report costs the
/// same in a large group as in a small one.
/// </summary>
internal sealed class EmbeddedGroup
{
    // The key of the agents without an address. No agent can be reached at it.
    private static readonly IPAddress Unknown = IPAddress.None;

    private readonly Dictionary<Guid, KnownAgent> _agents = [];
    private readonly Dictionary<string, List<Guid>> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, List<Guid>> _proven = [];
    private readonly HashSet<Guid> _detached = [];

    public int Count => _agents.Count;

    public IReadOnlyCollection<KnownAgent> Agents => _agents.Values;

    public KnownAgent? Find(Guid uuid) => _agents.GetValueOrDefault(uuid);

    public bool TryFind(Guid uuid, [NotNullWhen(true)] out KnownAgent? agent) => _agents.TryGetValue(uuid, out agent);

    /// <summary>Adds an agent or replaces what is known of it.</summary>
    public void Set(Guid uuid, KnownAgent agent)
    {
        Remove(uuid);
        _agents[uuid] = agent;
        foreach (var instance in Instances(agent))
            Add(_instances, instance, uuid);
        if (agent.IsProven)
            Add(_proven, agent.Address ?? Unknown, uuid);
        if (agent.IsDetached)
            _detached.Add(uuid);
    }

    public void Remove(Guid uuid)
    {
        if (!_agents.Remove(uuid, out var agent))
            return;

        foreach (var instance in Instances(agent))
            Remove(_instances, instance, uuid);
        if (agent.IsProven)
            Remove(_proven, agent.Address ?? Unknown, uuid);
        _detached.Remove(uuid);
    }

    /// <summary>Finds the agents that an instance reported as.</summary>
    public IReadOnlyList<Guid> FindInstance(string instance) => [.. _instances.GetValueOrDefault(instance) ?? []];

    /// <summary>Finds the agents that were reached at an address; null for those without an address.</summary>
    public IReadOnlyList<Guid> FindProven(IPAddress? address) => [.. _proven.GetValueOrDefault(address ?? Unknown) ?? []];

    /// <summary>Finds the agents that were detached at a time or before.</summary>
    public IReadOnlyList<Guid> FindDetached(DateTimeOffset until) => [.. _detached.Where(uuid => _agents[uuid].SeenAt <= until)];

    /// <summary>
    /// Finds the agent that has been silent longest: of the detached ones, else of those that were not reached, else of all.
    /// </summary>
    public (Guid Uuid, KnownAgent Agent) FindOldest()
    {
        var (uuid, agent) = _agents.MinBy(agent => (!agent.Value.IsDetached, agent.Value.IsProven, agent.Value.SeenAt));
        return (uuid, agent);
    }

    private static IEnumerable<string> Instances(KnownAgent agent) => agent.Instances.Seen.Select(seen => seen.Id).Distinct();

    private static void Add<TKey>(Dictionary<TKey, List<Guid>> index, TKey key, Guid uuid)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var uuids))
            index[key] = uuids = new(1);
        uuids.Add(uuid);
    }

    private static void Remove<TKey>(Dictionary<TKey, List<Guid>> index, TKey key, Guid uuid)
        where TKey : notnull
    {
        var uuids = index[key];
        uuids.Remove(uuid);
        if (uuids.Count == 0)
            index.Remove(key);
    }
}
