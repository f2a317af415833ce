using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary>Limits the rate of dial-backs: per agent, per WorkloadGroup, and in total.</summary>
/// <remarks>
/// A client with a token can create any number of agents. The rate of the group prevents it from scanning a network and from using the
/// share of the other groups.
/// </remarks>
public sealed class DialBackRates(DialBackRates.Settings settings, TimeProvider clock)
{
    private readonly KeyedBuckets<(GroupId, Guid)> _agents = new(settings.PerAgent, clock);
    private readonly KeyedBuckets<GroupId> _groups = new(settings.PerGroup, clock);
    private readonly KeyedBuckets<int> _total = new(settings.Total, clock);

    public sealed record Settings
    {
        public Rate PerAgent { get; init; } = new(1, 0.1);

        /// <summary>The rate of ports per WorkloadGroup.</summary>
        public Rate PerGroup { get; init; } = new(200, 20);

        /// <summary>The rate of ports in total.</summary>
        public Rate Total { get; init; } = new(800, 200);
    }

    /// <param name="group">The WorkloadGroup of the agent.</param>
    /// <param name="uuid">The agent.</param>
    /// <param name="ports">The number of requested connections.</param>
    public ApiProblem? Refuse(GroupId group, Guid uuid, int ports)
    {
        if (!_agents.TryTake((group, uuid), out var retryAfter))
            return ApiProblem.TooManyRequests("this agent has just requested a dial-back", retryAfter);

        if (!_groups.TryTake(group, out retryAfter, ports))
            return ApiProblem.TooManyRequests("the agents of this WorkloadGroup request too many dial-backs", retryAfter);

        return _total.TryTake(0, out retryAfter, ports) ? null : ApiProblem.TooManyRequests("too many dial-backs in total", retryAfter);
    }
}

/// <summary>The limits of dial-backs: the rate of requests, and the number of concurrent connections.</summary>
public sealed record DialBackLimits(DialBackRates Rates, DialScheduler Scheduler);
