using SmmDashboard.Http;
using SmmDashboard.Mesh;

namespace SmmDashboard.DialBack;

/// <summary>How often a dial-back may be asked for: by one agent, by all of one WorkloadGroup, and in total.</summary>
/// <remarks>
/// Whoever has a token makes as many agents as he likes. The group's rate keeps him from dialling through a network, and from taking what
/// is there for the other groups.
/// </remarks>
public sealed class DialBackRates(DialBackRates.Settings settings, TimeProvider clock)
{
    private readonly KeyedBuckets<(GroupName, Guid)> _agents = new(settings.PerAgent, clock);
    private readonly KeyedBuckets<GroupName> _groups = new(settings.PerGroup, clock);
    private readonly KeyedBuckets<int> _total = new(settings.Total, clock);

    public sealed record Settings
    {
        public Rate PerAgent { get; init; } = new(1, 0.1);

        public Rate PerGroup { get; init; } = new(50, 5);

        public Rate Total { get; init; } = new(200, 50);
    }

    public ApiProblem? Refuse(GroupName group, Guid uuid)
    {
        if (!_agents.TryTake((group, uuid), out var retryAfter))
            return ApiProblem.TooManyRequests("this agent has just asked for a dial-back", retryAfter);

        if (!_groups.TryTake(group, out retryAfter))
            return ApiProblem.TooManyRequests("the agents of this WorkloadGroup ask for too many dial-backs", retryAfter);

        return _total.TryTake(0, out retryAfter) ? null : ApiProblem.TooManyRequests("too many dial-backs in total", retryAfter);
    }
}
