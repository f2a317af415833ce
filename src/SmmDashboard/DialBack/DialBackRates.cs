using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary>How often a dial-back may be asked for: by one agent, by all of one WorkloadGroup, and in total.</summary>
/// <remarks>
/// Whoever has a token makes as many agents as he likes. The group's rate keeps him from dialling through a network, and from taking what
/// is there for the other groups.
/// </remarks>
public sealed class DialBackRates(DialBackRates.Settings settings, TimeProvider clock)
{
    private readonly KeyedBuckets<(GroupId, Guid)> _agents = new(settings.PerAgent, clock);
    private readonly KeyedBuckets<GroupId> _groups = new(settings.PerGroup, clock);
    private readonly KeyedBuckets<int> _total = new(settings.Total, clock);

    public sealed record Settings
    {
        public Rate PerAgent { get; init; } = new(1, 0.1);

        /// <summary>Of ports.</summary>
        public Rate PerGroup { get; init; } = new(200, 20);

        /// <summary>Of ports.</summary>
        public Rate Total { get; init; } = new(800, 200);
    }

    /// <param name="group">The agent's.</param>
    /// <param name="uuid">The agent.</param>
    /// <param name="ports">How many connections are asked for.</param>
    public ApiProblem? Refuse(GroupId group, Guid uuid, int ports)
    {
        if (!_agents.TryTake((group, uuid), out var retryAfter))
            return ApiProblem.TooManyRequests("this agent has just asked for a dial-back", retryAfter);

        if (!_groups.TryTake(group, out retryAfter, ports))
            return ApiProblem.TooManyRequests("the agents of this WorkloadGroup ask for too many dial-backs", retryAfter);

        return _total.TryTake(0, out retryAfter, ports) ? null : ApiProblem.TooManyRequests("too many dial-backs in total", retryAfter);
    }
}

/// <summary>What limits dial-backs: how many are asked for, and how many are made at once.</summary>
public sealed record DialBackLimits(DialBackRates Rates, DialScheduler Scheduler);
