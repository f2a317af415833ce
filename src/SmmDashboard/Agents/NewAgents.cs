using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Agents;

/// <summary>
/// Limits the rate of new agents per WorkloadGroup, because a client with the token of the group can create any number of uuids.
/// </summary>
public sealed class NewAgents(Rate rate, TimeProvider clock, ILogger log)
{
    /// <summary>The default: a fleet that starts at once, then two agents per second.</summary>
    public static readonly Rate DefaultRate = CreateRate(2);

    private readonly KeyedBuckets<GroupId> _groups = new(rate, clock);
    private readonly LogLimiter _refused = new(clock);
    private readonly LogLimiter _removed = new(clock);
    private readonly LogLimiter _full = new(clock);

    public static Rate CreateRate(int agents) => new(500.0 * agents, agents);

    /// <summary>Counts an agent that is not known yet.</summary>
    /// <returns>Whether the agent may be added now.</returns>
    public bool Allow(GroupId group)
    {
        if (_groups.TryTake(group, out _))
            return true;

        if (_refused.TryAcquire(out var withheld))
            log.TooManyNew($"{group}", rate.PerSecond, withheld);
        return false;
    }

    /// <summary>Logs that an agent was refused, because none can be removed.</summary>
    public void Full(GroupId group, int limit)
    {
        if (_full.TryAcquire(out var withheld))
            log.GroupFull($"{group}", limit, withheld);
    }

    /// <summary>Logs that an agent was removed to admit a new one.</summary>
    public void Evicted(GroupId group, Guid uuid, int limit)
    {
        if (_removed.TryAcquire(out var withheld))
            log.Evicted(uuid, $"{group}", limit, withheld);
    }
}

internal static partial class NewAgentsLog
{
    [LoggerMessage(
        3004, LogLevel.Warning,
        "Refusing new agents of {Group} with 503: the WorkloadGroup has {Limit} agents, and all of them were reached or registered; "
        + "raise --agents-per-group (and {Withheld} others since the last such message)")]
    public static partial void GroupFull(this ILogger log, string group, int limit, long withheld);

    [LoggerMessage(
        3201, LogLevel.Warning,
        "Refusing new agents of {Group} with 429: more than {PerSecond} per second report under unknown uuids (--new-agent-rate) "
        + "(and {Withheld} others since the last such message)")]
    public static partial void TooManyNew(this ILogger log, string group, double perSecond, long withheld);

    [LoggerMessage(
        3202, LogLevel.Warning,
        "Removed agent {Uuid} of {Group} to admit a new one: the WorkloadGroup has {Limit} agents (--agents-per-group), "
        + "and this one was neither reached nor registered (and {Withheld} others since the last such message)")]
    public static partial void Evicted(this ILogger log, Guid uuid, string group, int limit, long withheld);
}
