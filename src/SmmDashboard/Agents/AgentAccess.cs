using System.Diagnostics.CodeAnalysis;
using SmmDashboard.Http;
using SmmDashboard.Mesh;

namespace SmmDashboard.Agents;

/// <summary>For calls on behalf of an agent that has reported: its key must be the one that its first report bound.</summary>
public sealed class AgentAccess(AgentStore agents)
{
    public bool TryEnter(
        ServedGroup group, AgentIdentity identity, [NotNullWhen(true)] out KnownAgent? agent, [NotNullWhen(false)] out ApiProblem? problem)
    {
        agent = agents.Find(group.Id, identity.Uuid);
        problem = agent is null ? ApiProblem.NoReport() : agent.HasKey(identity) ? null : ApiProblem.AgentKeyMismatch();
        return problem is null;
    }
}
