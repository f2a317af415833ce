using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Agents;

/// <summary>
/// Writes and removes the files of agents outside the lock of the agents. The lock of a file keeps an older report from replacing a newer
/// one, and a removed agent from getting a file.
/// </summary>
/// <param name="files">The files; null for none.</param>
/// <param name="find">Finds the present state of an agent.</param>
internal sealed class AgentFileWrites(AgentFiles? files, Func<GroupId, Guid, KnownAgent?> find)
{
    private const int Locks = 64;

    private readonly Lock[] _locks = [.. Enumerable.Range(0, Locks).Select(_ => new Lock())];

    public bool TryWrite(GroupId group, Guid uuid, KnownAgent agent, AgentReport report, bool durable)
    {
        if (files is null)
            return true;

        lock (Lock(uuid))
            return find(group, uuid) is not { } now || now.SeenAt > agent.SeenAt || files.TryWrite(group, uuid, agent, report, durable);
    }

    /// <summary>Removes the file of an agent that was removed, unless the agent has reported again meanwhile.</summary>
    public void Remove(GroupId group, Guid uuid)
    {
        if (files is null)
            return;

        lock (Lock(uuid))
        {
            if (find(group, uuid) is null)
                files.Remove(group, uuid);
        }
    }

    private Lock Lock(Guid uuid) => _locks[(uint)uuid.GetHashCode() % Locks];
}
