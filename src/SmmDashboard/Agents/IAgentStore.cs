using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Agents;

/// <summary>What became of a report.</summary>
public enum ReportOutcome
{
    Kept,
    KeyMismatch,

    /// <summary>Another host reports under this identity, and was seen before this one: nothing of the report is kept.</summary>
    Duplicate,
    Full,

    /// <summary>Too many agents of the group are new.</summary>
    TooManyNew,
    NotWritten,
}

/// <summary>The agents of every WorkloadGroup. The first report of a uuid binds its key.</summary>
/// <remarks>A uuid belongs to a group: a holder of another group's token cannot take it.</remarks>
public interface IAgentStore
{
    /// <exception cref="Http.UnavailableException">Whether the agent is known cannot be said now.</exception>
    ValueTask<KnownAgent?> FindAsync(GroupId group, Guid uuid, CancellationToken cancellationToken);

    /// <exception cref="Http.UnavailableException">The report cannot be kept now.</exception>
    ValueTask<ReportOutcome> ReportAsync(GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken);

    /// <summary>The agent was reached at its address, or its sidecar is registered. Agents that never were make way first when the group is full.</summary>
    void Prove(GroupId group, Guid uuid);
}
