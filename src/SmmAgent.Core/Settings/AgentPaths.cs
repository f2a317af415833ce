namespace SmmAgent.Core.Settings;

/// <summary>The paths of the agent's files. All are below one root, which is <c>/</c> except in tests and demonstrations.</summary>
public sealed record AgentPaths(string Root = "/")
{
    public string ConfigDirectory => Path.Combine(Root, "etc/smm");

    /// <summary>Another agent.yaml, for commands that change nothing; null for the one of this host.</summary>
    public string? OtherSettings { get; init; }

    public string Settings => OtherSettings ?? Path.Combine(ConfigDirectory, "agent.yaml");

    public string BearerToken => Path.Combine(ConfigDirectory, "bearer-token");

    /// <summary>The certificate authority of the dashboard, as <c>join</c> and the install script write it.</summary>
    public string DashboardAuthority => Path.Combine(ConfigDirectory, "dashboard-ca.pem");

    /// <summary>The daemon's own state, mode 0700.</summary>
    public string StateDirectory => Path.Combine(Root, "var/lib/smm-agent");

    public string LastGoodMeshConfig => Path.Combine(StateDirectory, "mesh-config.json");

    /// <summary>The agent's uuid (if agent.yaml has none) and key, and the machine that they belong to, mode 0600.</summary>
    public string Identity => Path.Combine(StateDirectory, "identity.json");

    /// <summary>The bearer token that the dashboard issued for the operator's token, mode 0600.</summary>
    public string RenewedToken => Path.Combine(StateDirectory, "renewed-token.json");

    /// <summary>The last known external address.</summary>
    public string LastKnownAddress => Path.Combine(StateDirectory, "address.json");

    /// <summary>The state of the privileged reconcile, mode 0700. It is separate, because root does not trust data of the daemon.</summary>
    public string HostStateDirectory => Path.Combine(Root, "var/lib/smm-agent-host");

    public string HostLastGoodMeshConfig => Path.Combine(HostStateDirectory, "mesh-config.json");

    /// <summary>The machine on which the uuid of agent.yaml was first seen.</summary>
    public string HostIdentity => Path.Combine(HostStateDirectory, "identity.json");

    /// <summary>The signing time of the newest accepted package list of each key.</summary>
    public string AcceptedPackageLists => Path.Combine(HostStateDirectory, "package-lists");

    /// <summary>The last known external address of the privileged reconcile.</summary>
    public string HostLastKnownAddress => Path.Combine(HostStateDirectory, "address.json");

    /// <summary>The sidecar's token, which is kept for a restart of the host.</summary>
    public string HostToken => Path.Combine(HostStateDirectory, "istio-token");

    /// <summary>The snapshot before the agent's first change for the sidecar; detach restores it.</summary>
    public string BeforeAttach => Path.Combine(HostStateDirectory, "before-attach.json");

    /// <summary>The snapshot before a reconcile that has not yet succeeded.</summary>
    public string BeforePass => Path.Combine(HostStateDirectory, "before-pass.json");

    /// <summary>The snapshot before a reconcile that waits for confirmation.</summary>
    public string BeforeConfirm => Path.Combine(HostStateDirectory, "before-confirm.json");

    /// <summary>The lock of privileged reconciles of the sidecar.</summary>
    public string HostLock => Path.Combine(HostStateDirectory, "lock");

    /// <summary>Downloaded packages.</summary>
    public string PackageCache => Path.Combine(Root, "var/cache/smm-agent");

    /// <summary>The reconcile report, which the privileged reconcile writes for the daemon.</summary>
    public string RootReport => Path.Combine(Root, "run/smm-agent-host/report.json");

    /// <summary>Whether a reconcile waits for its confirmation, or was rolled back. Every user may read it.</summary>
    public string Confirmation => Path.Combine(Root, "run/smm-agent-host/confirmation");

    /// <summary>Locked while a privileged command runs, so that the daemon knows.</summary>
    public string PrivilegedPresence => Path.Combine(Root, "run/smm-agent-host/at-work");

    /// <summary>The state that a rollback restores, while a reconcile waits for confirmation.</summary>
    public string RollbackSnapshot => Path.Combine(HostStateDirectory, "undo");

    public string RuntimeDirectory => Path.Combine(Root, "run/smm-agent");

    public string Status => Path.Combine(RuntimeDirectory, "status.json");

    /// <summary>A random id of this boot, for the daemon's reports.</summary>
    public string Instance => Path.Combine(RuntimeDirectory, "instance");

    /// <summary>The daemon creates this file to request a privileged reconcile.</summary>
    public string ReconcileRequest => Path.Combine(RuntimeDirectory, "reconcile-request");

    /// <summary>The lock that daemon and commands share.</summary>
    public string Lock => Path.Combine(Root, "run/smm-agent.lock");
}
