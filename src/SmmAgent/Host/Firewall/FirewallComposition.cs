using SmmAgent.Core.Settings;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Host.Firewall;

/// <summary>The pass over this host's own firewall, the same for the daemon and for the commands.</summary>
public static class FirewallComposition
{
    public static FirewallReconciler Create(AgentPaths paths, TimeProvider time) => new(
        new HostFirewall(new CommandRunner(), owned: new OwnedTables(paths.RuntimeDirectory)),
        new Firewalld(),
        new AgentLock(paths.Lock, time),
        isRoot: Environment.IsPrivilegedProcess);
}
