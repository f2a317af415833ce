using System.Net;
using SmmDashboard.Groups;

namespace SmmDashboard.DialBack;

/// <summary>The agents that answered a dial-back within the last day, and the address of each.</summary>
/// <param name="limit">The maximum number of agents. With more, the others count as not answering.</param>
/// <param name="clock">The clock.</param>
internal sealed class AnsweringAgents(int limit, TimeProvider clock)
{
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    // Removing the expired agents reads all of them.
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(GroupId, Guid), (IPAddress Address, long At)> _agents = [];
    private long? _sweptAt;

    public bool Contains(DialTarget target)
    {
        lock (_lock)
            return ContainsLocked(target);
    }

    /// <returns>Whether the agent was not known at this address.</returns>
    public bool Add(DialTarget target)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            var isNew = !ContainsLocked(target);
            var key = (target.Group, target.Uuid);
            if (!_agents.ContainsKey(key) && _agents.Count >= limit)
                Sweep(now);
            if (_agents.ContainsKey(key) || _agents.Count < limit)
                _agents[key] = (target.Address, now);
            return isNew;
        }
    }

    private bool ContainsLocked(DialTarget target) =>
        _agents.TryGetValue((target.Group, target.Uuid), out var known) && known.Address.Equals(target.Address)
        && clock.GetElapsedTime(known.At) < Memory;

    private void Sweep(long now)
    {
        if (_sweptAt is { } at && clock.GetElapsedTime(at, now) < SweepInterval)
            return;

        _sweptAt = now;
        // A dictionary allows removing entries during enumeration.
        foreach (var (key, known) in _agents)
        {
            if (clock.GetElapsedTime(known.At, now) >= Memory)
                _agents.Remove(key);
        }
    }
}
