using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary>The rates of dial-backs. All but that of an agent count ports.</summary>
public sealed record DialBackSettings
{
    /// <summary>
    /// The default number of ports per second in total: 20,000 VMs with four ports each, each of which asks once in 5 minutes, and twice
    /// as many after a change.
    /// </summary>
    public const int DefaultPerSecond = 600;

    public Rate PerAgent { get; init; } = new(1, 0.1);

    /// <summary>The rate of all agents.</summary>
    public required Rate Total { get; init; }

    /// <summary>The rate of a WorkloadGroup.</summary>
    public required Rate PerGroup { get; init; }

    /// <summary>The rate of a WorkloadGroup at addresses where no agent has answered.</summary>
    public required Rate UnansweredPerGroup { get; init; }

    /// <summary>The rate of a WorkloadGroup that the other groups cannot use up, even with the complete total.</summary>
    public required Rate GuaranteedPerGroup { get; init; }

    /// <summary>The number of agents that have a rate of their own at the same time.</summary>
    public int Buckets { get; init; } = Rate.DefaultBuckets;

    /// <summary>Creates the settings for a number of ports per second in total.</summary>
    public static DialBackSettings From(int perSecond) => new()
    {
        Total = new(4.0 * perSecond, perSecond),
        PerGroup = new(2.0 * perSecond, perSecond / 2.0),
        UnansweredPerGroup = new(Math.Max(1, perSecond / 3.0), perSecond / 30.0),
        GuaranteedPerGroup = new(Math.Max(1, perSecond / 10.0), perSecond / 100.0),
    };
}
