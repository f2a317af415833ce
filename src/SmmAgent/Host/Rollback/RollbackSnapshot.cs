using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Rollback;

/// <summary>The file with the state of the firewall and of the units before a reconcile that waits for its confirmation.</summary>
internal sealed class RollbackSnapshot(AgentPaths paths)
{
    private const int MaximumBytes = 1024 * 1024;

    public bool Exists => File.Exists(paths.RollbackSnapshot);

    public void Write(FirewallSnapshot snapshot)
    {
        HostStateDirectory.Create(paths);
        AtomicFile.Write(paths.RollbackSnapshot, snapshot.Write(), AtomicFile.Private);
    }

    /// <returns>Null if it is missing or damaged.</returns>
    public FirewallSnapshot? Read() =>
        AtomicFile.ReadLimited(paths.RollbackSnapshot, MaximumBytes) is { } bytes ? FirewallSnapshot.Read(bytes) : null;

    public void Delete()
    {
        if (Exists)
            File.Delete(paths.RollbackSnapshot);
    }
}
