using SmmAgent.Core.Settings;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Host.Firewall;

/// <summary>The pass over this host's own firewall, the same for the daemon and for the commands.</summary>
public static class HostFirewallPass
{
    public static FirewallReconciler Create(AgentPaths paths, TimeProvider time)
    {
        var firewalld = new Firewalld();
        return new FirewallReconciler(
            new HostFirewall(new CommandRunner(), made: new OwnedTables(paths.RuntimeDirectory)),
            new FirewalldPort(firewalld.ObserveAsync, firewalld.OpenAsync, firewalld.WithdrawAsync),
            new AgentLock(paths.Lock, time),
            isRoot: Environment.IsPrivilegedProcess);
    }
}
