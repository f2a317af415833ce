using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary>Limits the rate of dial-backs: per agent, per WorkloadGroup, and in total.</summary>
/// <remarks>
/// A client with a token can create any number of agents with any address. Addresses at which no agent has answered have a small rate
/// per WorkloadGroup, so that the dashboard is not a port scanner. Agents that have answered do not count, so VMs that cannot be reached do
/// not delay the others of their group.
/// </remarks>
public sealed class DialBackRates
{
    private const string TooMany = "the agents of this WorkloadGroup request too many dial-backs";

    private readonly DialBackSettings _settings;
    private readonly RateLog _groupLog;
    private readonly RateLog _totalLog;
    private readonly RateLog _unansweredLog;
    private readonly KeyedBuckets<(GroupId, Guid)> _agents;
    private readonly KeyedBuckets<GroupId> _groups;
    private readonly KeyedBuckets<GroupId> _unanswered;
    private readonly KeyedBuckets<GroupId> _guaranteed;
    private readonly KeyedBuckets<int> _total;
    private readonly AnsweringAgents _answering;

    public DialBackRates(DialBackSettings settings, TimeProvider clock, ILogger<DialBackRates> log)
    {
        _settings = settings;
        _groupLog = new("agents with dial-backs", settings.Buckets, clock, log);
        _totalLog = new("WorkloadGroups with dial-backs", settings.Buckets, clock, log);
        _unansweredLog = new("WorkloadGroups with dial-backs", settings.Buckets, clock, log);
        _agents = new(settings.PerAgent, clock, settings.Buckets, _groupLog.Full);
        _groups = new(settings.PerGroup, clock, settings.Buckets, _totalLog.Full);
        _unanswered = new(settings.UnansweredPerGroup, clock, settings.Buckets, _totalLog.Full);
        _guaranteed = new(settings.GuaranteedPerGroup, clock, settings.Buckets, _totalLog.Full);
        _total = new(settings.Total, clock);
        _answering = new(settings.Buckets, clock);
    }

    /// <summary>Counts a dial-back. <see cref="Complete"/> or <see cref="Cancel"/> must follow if it is not refused.</summary>
    /// <param name="target">The agent and the address that it reported.</param>
    /// <param name="ports">The number of requested connections.</param>
    public ApiProblem? Refuse(DialTarget target, int ports)
    {
        if (!_agents.TryTake((target.Group, target.Uuid), out var retryAfter))
            return ApiProblem.TooManyRequests("this agent has just requested a dial-back", retryAfter);

        if (!_groups.TryTake(target.Group, out retryAfter, ports))
        {
            _groupLog.Refused(
                $"{target.Group}",
                $"more than {_settings.PerGroup.PerSecond} dial-backs per second of this WorkloadGroup (--dial-back-rate)");
            return ApiProblem.TooManyRequests(TooMany, retryAfter);
        }

        if (!_answering.Contains(target) && !_unanswered.TryTake(target.Group, out retryAfter, ports))
        {
            // Otherwise these requests would use up the rate of the agents that answer.
            _groups.Return(target.Group, ports);
            _unansweredLog.Refused(
                $"{target.Group}",
                $"more than {_settings.UnansweredPerGroup.PerSecond} dial-backs per second of this WorkloadGroup "
                + "to addresses where no agent has answered (--dial-back-rate)");
            return ApiProblem.TooManyRequests($"{TooMany} to addresses where no agent answers", retryAfter);
        }

        if (_total.TryTake(0, out retryAfter, ports) || _guaranteed.TryTake(target.Group, out _, ports))
            return null;

        Cancel(target, ports);
        _totalLog.Refused($"{target.Group}", $"more than {_settings.Total.PerSecond} dial-backs per second in total (--dial-back-rate)");
        return ApiProblem.TooManyRequests("too many dial-backs in total", retryAfter);
    }

    /// <summary>Reverts the count of a dial-back that does not connect.</summary>
    public void Cancel(DialTarget target, int ports)
    {
        if (!_answering.Contains(target))
            _unanswered.Return(target.Group, ports);
    }

    /// <summary>Remembers that the agent answered at its address.</summary>
    public void Complete(DialTarget target, int ports)
    {
        if (_answering.Add(target))
            _unanswered.Return(target.Group, ports);
    }
}

/// <summary>The agent of a dial-back, and the address that it reported.</summary>
public readonly record struct DialTarget(GroupId Group, Guid Uuid, IPAddress Address);

/// <summary>The limits of dial-backs: the rate of requests, and the number of concurrent connections.</summary>
public sealed record DialBackLimits(DialBackRates Rates, DialScheduler Scheduler);
