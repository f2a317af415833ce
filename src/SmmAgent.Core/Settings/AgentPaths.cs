namespace SmmAgent.Core.Settings;

/// <summary>Where the agent's files are. All lie below one root, which is <c>/</c> except in tests and demonstrations.</summary>
public sealed record AgentPaths(string Root = "/")
{
    public string ConfigDirectory => Path.Combine(Root, "etc/smm");

    public string Settings => Path.Combine(ConfigDirectory, "agent.yaml");

    public string BearerToken => Path.Combine(ConfigDirectory, "bearer-token");

    /// <summary>The daemon's own state, mode 0700.</summary>
    public string StateDirectory => Path.Combine(Root, "var/lib/smm-agent");

    public string LastGoodMeshConfig => Path.Combine(StateDirectory, "mesh-config.json");

    /// <summary>The agent's uuid (where agent.yaml has none) and key, and the machine that they are of, mode 0600.</summary>
    public string Identity => Path.Combine(StateDirectory, "identity.json");

    /// <summary>The bearer token that the dashboard made from the operator's, mode 0600.</summary>
    public string RenewedToken => Path.Combine(StateDirectory, "renewed-token.json");

    /// <summary>The last known external address.</summary>
    public string LastKnownAddress => Path.Combine(StateDirectory, "address.json");

    /// <summary>Root's own state, mode 0700: root takes no data from the daemon.</summary>
    public string HostStateDirectory => Path.Combine(Root, "var/lib/smm-agent-host");

    public string HostLastGoodMeshConfig => Path.Combine(HostStateDirectory, "mesh-config.json");

    /// <summary>On which machine agent.yaml's uuid was first seen.</summary>
    public string HostIdentity => Path.Combine(HostStateDirectory, "identity.json");

    /// <summary>When the newest package list of each key was signed that root has accepted.</summary>
    public string AcceptedPackageLists => Path.Combine(HostStateDirectory, "package-lists");

    /// <summary>Root's own last known external address.</summary>
    public string HostLastKnownAddress => Path.Combine(HostStateDirectory, "address.json");

    /// <summary>The sidecar's token, for after a restart of the host.</summary>
    public string HostToken => Path.Combine(HostStateDirectory, "istio-token");

    /// <summary>How the host was before the agent first changed anything for the sidecar; detach brings it back.</summary>
    public string BeforeAttach => Path.Combine(HostStateDirectory, "before-attach.json");

    /// <summary>How the host was before a pass that has not ended well yet.</summary>
    public string BeforePass => Path.Combine(HostStateDirectory, "before-pass.json");

    /// <summary>How the host was before a reconcile that waits for its confirmation.</summary>
    public string BeforeConfirm => Path.Combine(HostStateDirectory, "before-confirm.json");

    /// <summary>The lock of root's passes over the sidecar.</summary>
    public string HostLock => Path.Combine(HostStateDirectory, "lock");

    /// <summary>Downloaded packages.</summary>
    public string PackageCache => Path.Combine(Root, "var/cache/smm-agent");

    /// <summary>What root tells the daemon.</summary>
    public string RootReport => Path.Combine(Root, "run/smm-agent-host/report.json");

    /// <summary>Locked while a command of root's is at work, so that the daemon knows.</summary>
    public string PrivilegedPresence => Path.Combine(Root, "run/smm-agent-host/at-work");

    /// <summary>What a rollback brings back, while a reconcile waits for its confirmation.</summary>
    public string Undo => Path.Combine(HostStateDirectory, "undo");

    public string RuntimeDirectory => Path.Combine(Root, "run/smm-agent");

    public string Status => Path.Combine(RuntimeDirectory, "status.json");

    /// <summary>A random id of this boot, for the daemon's reports.</summary>
    public string Instance => Path.Combine(RuntimeDirectory, "instance");

    /// <summary>By making it the daemon asks for root's part.</summary>
    public string ReconcileRequest => Path.Combine(RuntimeDirectory, "reconcile-request");

    /// <summary>The lock that daemon and commands share.</summary>
    public string Lock => Path.Combine(Root, "run/smm-agent.lock");
}
