using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary>Limits the rate of dial-backs: per agent, per WorkloadGroup, and in total.</summary>
/// <remarks>
/// A client with a token can create any number of agents. The rate of the group prevents it from scanning a network and from using the
/// share of the other groups.
/// </remarks>
public sealed class DialBackRates
{
    private readonly Settings _settings;
    private readonly RateLog _groupLog;
    private readonly RateLog _totalLog;
    private readonly KeyedBuckets<(GroupId, Guid)> _agents;
    private readonly KeyedBuckets<GroupId> _groups;
    private readonly KeyedBuckets<int> _total;

    public DialBackRates(Settings settings, TimeProvider clock, ILogger<DialBackRates> log)
    {
        _settings = settings;
        _groupLog = new("agents with dial-backs", settings.Buckets, clock, log);
        _totalLog = new("WorkloadGroups with dial-backs", settings.Buckets, clock, log);
        _agents = new(settings.PerAgent, clock, settings.Buckets, _groupLog.Full);
        _groups = new(settings.PerGroup, clock, settings.Buckets, _totalLog.Full);
        _total = new(settings.Total, clock);
    }

    public sealed record Settings
    {
        /// <summary>
        /// The default number of ports per second in total: 20,000 VMs with four ports each, each of which asks once in 5 minutes, and
        /// twice as many after a change.
        /// </summary>
        public const int DefaultPerSecond = 600;

        public Rate PerAgent { get; init; } = new(1, 0.1);

        /// <summary>The rate of ports per WorkloadGroup.</summary>
        public Rate PerGroup { get; init; } = From(DefaultPerSecond).PerGroup;

        /// <summary>The rate of ports in total.</summary>
        public Rate Total { get; init; } = From(DefaultPerSecond).Total;

        /// <summary>The number of agents that have a rate of their own at the same time.</summary>
        public int Buckets { get; init; } = Rate.DefaultBuckets;

        /// <summary>Creates the rates for a number of ports per second, of which one WorkloadGroup may use half.</summary>
        public static (Rate PerGroup, Rate Total) From(int perSecond) =>
            (new(2.0 * perSecond, Math.Max(1, perSecond / 2)), new(4.0 * perSecond, perSecond));
    }

    /// <param name="group">The WorkloadGroup of the agent.</param>
    /// <param name="uuid">The agent.</param>
    /// <param name="ports">The number of requested connections.</param>
    public ApiProblem? Refuse(GroupId group, Guid uuid, int ports)
    {
        if (!_agents.TryTake((group, uuid), out var retryAfter))
            return ApiProblem.TooManyRequests("this agent has just requested a dial-back", retryAfter);

        if (!_groups.TryTake(group, out retryAfter, ports))
        {
            _groupLog.Refused(
                $"{group}", $"more than {_settings.PerGroup.PerSecond} dial-backs per second of this WorkloadGroup (--dial-back-rate)");
            return ApiProblem.TooManyRequests("the agents of this WorkloadGroup request too many dial-backs", retryAfter);
        }

        if (_total.TryTake(0, out retryAfter, ports))
            return null;

        _totalLog.Refused($"{group}", $"more than {_settings.Total.PerSecond} dial-backs per second in total (--dial-back-rate)");
        return ApiProblem.TooManyRequests("too many dial-backs in total", retryAfter);
    }
}

/// <summary>The limits of dial-backs: the rate of requests, and the number of concurrent connections.</summary>
public sealed record DialBackLimits(DialBackRates Rates, DialScheduler Scheduler);
