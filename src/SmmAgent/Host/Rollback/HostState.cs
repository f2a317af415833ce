using System.Text;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Rollback;

/// <summary>Root's own state below /var/lib/smm-agent-host.</summary>
internal static class HostState
{
    private const int MaximumUndoBytes = 1024 * 1024;

    public static bool HasSnapshot(AgentPaths paths) => File.Exists(paths.Undo);

    public static void WriteSnapshot(FirewallSnapshot undo, AgentPaths paths)
    {
        HostStateDirectory.Create(paths);
        AtomicFile.Write(paths.Undo, undo.Write(), AtomicFile.Private);
    }

    /// <returns>Null when there is none, or it is damaged.</returns>
    public static FirewallSnapshot? ReadSnapshot(AgentPaths paths) =>
        AtomicFile.ReadLimited(paths.Undo, MaximumUndoBytes) is { } bytes ? FirewallSnapshot.Read(Encoding.UTF8.GetString(bytes)) : null;

    public static void DeleteSnapshot(AgentPaths paths)
    {
        if (HasSnapshot(paths))
            File.Delete(paths.Undo);
    }
}
