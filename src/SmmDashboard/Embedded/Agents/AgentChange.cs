using SmmDashboard.Agents;

namespace SmmDashboard.Embedded.Agents;

/// <summary>The effect of a report on the agents in memory.</summary>
/// <param name="Outcome">The outcome, before anything is written to a file.</param>
/// <param name="Agent">The agent after the report; null when nothing changed.</param>
internal sealed record AgentChange(ReportOutcome Outcome, KnownAgent? Agent = null)
{
    public bool IsFirst { get; init; }

    /// <summary>Whether the report before said that the agent was detached.</summary>
    public bool WasDetached { get; init; }

    /// <summary>Whether a second host uses the identity since this report.</summary>
    public bool Begins { get; init; }

    /// <summary>The agents that are no longer duplicates.</summary>
    public IReadOnlyList<Guid> Ended { get; init; } = [];

    /// <summary>The agent that was removed to admit this one.</summary>
    public (Guid Uuid, KnownAgent Agent)? Evicted { get; init; }
}
