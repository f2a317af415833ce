using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Rollback;

/// <summary>The recorded state to which a rollback goes back, below /var/lib/smm-agent-host.</summary>
internal static class HostState
{
    private const int MaximumBytes = 1024 * 1024;

    public static bool HasSnapshot(AgentPaths paths) => File.Exists(paths.Undo);

    public static void WriteSnapshot(FirewallSnapshot snapshot, AgentPaths paths)
    {
        HostStateDirectory.Create(paths);
        AtomicFile.Write(paths.Undo, snapshot.Write(), AtomicFile.Private);
    }

    /// <returns>Null when there is no snapshot, or it is damaged.</returns>
    public static FirewallSnapshot? ReadSnapshot(AgentPaths paths) =>
        AtomicFile.ReadLimited(paths.Undo, MaximumBytes) is { } bytes ? FirewallSnapshot.Read(bytes) : null;

    public static void DeleteSnapshot(AgentPaths paths)
    {
        if (HasSnapshot(paths))
            File.Delete(paths.Undo);
    }
}
