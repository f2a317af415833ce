namespace SmmAgent.Linux.Events;

/// <summary>The parts of the host that may have changed. A change is a reason to observe, never an observation.</summary>
[Flags]
public enum HostChange
{
    None = 0,

    /// <summary>A file that the operator edits.</summary>
    Settings = 1,

    /// <summary>The host's own addresses, or its routes.</summary>
    Addresses = 2,

    /// <summary>The kernel's packet filter.</summary>
    Firewall = 4,

    /// <summary>firewalld: it started, ended, reloaded or was changed.</summary>
    Firewalld = 8,

    /// <summary>The sidecar's unit, files or package.</summary>
    Sidecar = 16,

    /// <summary>A process requests a privileged reconcile.</summary>
    ReconcileRequest = 32,

    /// <summary>The agent's own rules in the packet filter, together with <see cref="Firewall"/>.</summary>
    OwnRules = 64,
}
