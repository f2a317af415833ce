using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Agents;

/// <summary>How many agents may be new in a WorkloadGroup: whoever has its token makes as many uuids as he likes.</summary>
public sealed class NewAgents(Rate rate, TimeProvider clock, ILogger log)
{
    /// <summary>A fleet that comes at once, and then two a second.</summary>
    public static readonly Rate DefaultRate = CreateRate(2);

    private readonly KeyedBuckets<GroupId> _groups = new(rate, clock);
    private readonly LogLimiter _refused = new(clock);
    private readonly LogLimiter _removed = new(clock);

    public static Rate CreateRate(int agents) => new(500.0 * agents, agents);

    /// <summary>Counts an agent that is not known yet.</summary>
    /// <returns>Whether it may be kept now.</returns>
    public bool Allow(GroupId group)
    {
        if (_groups.TryTake(group, out _))
            return true;

        if (_refused.TryAcquire(out var withheld))
            log.TooManyNew($"{group}", rate.PerSecond, withheld);
        return false;
    }

    /// <summary>An agent was forgotten for a new one.</summary>
    public void Evicted(GroupId group, Guid uuid, int limit)
    {
        if (_removed.TryAcquire(out var withheld))
            log.Evicted(uuid, $"{group}", limit, withheld);
    }
}

internal static partial class NewAgentsLog
{
    [LoggerMessage(305, LogLevel.Warning, "new agents of {Group} are answered 429: more than {PerSecond} a second report under uuids that are not known (and {Withheld} others since the last such line)")]
    public static partial void TooManyNew(this ILogger log, string group, double perSecond, long withheld);

    [LoggerMessage(306, LogLevel.Warning, "agent {Uuid} of {Group} is forgotten for a new one: the WorkloadGroup has {Limit} agents, and this one was neither reached nor registered (and {Withheld} others since the last such line)")]
    public static partial void Evicted(this ILogger log, Guid uuid, string group, int limit, long withheld);
}
