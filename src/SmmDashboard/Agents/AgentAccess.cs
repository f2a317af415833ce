using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Agents;

/// <summary>Admits calls of an agent that has reported. Its key must equal the key that its first report bound.</summary>
public sealed class AgentAccess(IAgentStore agents, TimeProvider clock)
{
    /// <returns>The agent, or the problem to respond with.</returns>
    /// <exception cref="UnavailableException">It is unknown now whether the agent has reported.</exception>
    public async ValueTask<(KnownAgent? Agent, ApiProblem? Problem)> EnterAsync(
        ServedGroup group, PresentedAgent identity, CancellationToken cancellationToken) =>
        await agents.FindAsync(group.Id, identity.Uuid, cancellationToken) is not { } agent ? (null, ApiProblem.NoReport())
            : !agent.HasKey(identity) ? (null, ApiProblem.AgentKeyMismatch())
            : agent.Instances.Hosts(clock.GetUtcNow()) is { Length: > 0 } hosts ? (null, ApiProblem.DuplicateIdentity(hosts))
            : (agent, null);

    /// <inheritdoc cref="IAgentStore.Prove"/>
    public void Prove(GroupId group, Guid uuid) => agents.Prove(group, uuid);
}
