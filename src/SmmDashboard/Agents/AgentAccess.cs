using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Agents;

/// <summary>For calls on behalf of an agent that has reported: its key must be the one that its first report bound.</summary>
public sealed class AgentAccess(IAgentStore agents, TimeProvider clock)
{
    /// <returns>The agent, or the problem to answer with.</returns>
    /// <exception cref="UnavailableException">Whether the agent is known cannot be said now.</exception>
    public async ValueTask<(KnownAgent? Agent, ApiProblem? Problem)> EnterAsync(
        ServedGroup group, PresentedAgent identity, CancellationToken cancellationToken) =>
        await agents.FindAsync(group.Id, identity.Uuid, cancellationToken) is not { } agent ? (null, ApiProblem.NoReport())
            : !agent.HasKey(identity) ? (null, ApiProblem.AgentKeyMismatch())
            : agent.Instances.Hosts(clock.GetUtcNow()) is { Length: > 0 } hosts ? (null, ApiProblem.DuplicateIdentity(hosts))
            : (agent, null);

    /// <inheritdoc cref="IAgentStore.Prove"/>
    public void Prove(GroupId group, Guid uuid) => agents.Prove(group, uuid);
}
