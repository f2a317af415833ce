using SmmAgent.Core.Settings;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Host.Firewall;

/// <summary>Composes the reconciler of this host's firewall, for the daemon, the checks and the commands.</summary>
public static class FirewallComposition
{
    public static FirewallReconciler Create(AgentPaths paths, TimeProvider time) => new(
        new HostFirewall(new CommandRunner(), owned: new OwnedTables(paths.RuntimeDirectory)),
        new Firewalld(),
        new AgentLock(paths.Lock, time),
        isRoot: Environment.IsPrivilegedProcess);
}
