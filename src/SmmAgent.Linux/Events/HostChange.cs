namespace SmmAgent.Linux.Events;

/// <summary>What may have changed on the host. It is a reason to look, never what was found.</summary>
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

    /// <summary>firewalld: it came, went, reloaded or was changed.</summary>
    Firewalld = 8,

    /// <summary>The sidecar's unit, files or package.</summary>
    Sidecar = 16,

    /// <summary>Somebody asks for root's part.</summary>
    RootRequest = 32,

    /// <summary>The agent's own rules in the packet filter, beside <see cref="Firewall"/>.</summary>
    OwnRules = 64,
}
