using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Agents;

/// <summary>The outcome of a report.</summary>
public enum ReportOutcome
{
    Kept,
    KeyMismatch,

    /// <summary>Another host reports under this identity and was seen first, so the report is discarded.</summary>
    Duplicate,
    Full,

    /// <summary>Too many agents of the group are new.</summary>
    TooManyNew,
    NotWritten,
}

/// <summary>The agents of every WorkloadGroup. The first report of a uuid binds its key.</summary>
/// <remarks>A uuid belongs to a group. A client with the token of another group cannot take it.</remarks>
public interface IAgentStore
{
    /// <exception cref="Http.UnavailableException">It is unknown now whether the agent has reported.</exception>
    ValueTask<KnownAgent?> FindAsync(GroupId group, Guid uuid, CancellationToken cancellationToken);

    /// <remarks>The report of a detached agent never creates an agent.</remarks>
    /// <exception cref="Http.UnavailableException">The report cannot be stored now.</exception>
    ValueTask<ReportOutcome> ReportAsync(GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken);

    /// <summary>
    /// Records that the agent was reached at its address or that its sidecar is registered. A full group removes unproven agents first.
    /// </summary>
    void Prove(GroupId group, Guid uuid);
}
