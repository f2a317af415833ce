namespace SmmAgent.Linux.Events;

/// <summary>firewalld's own signals (reloaded, a zone changed), and its coming and going on the bus.</summary>
/// <remarks>Root's changes there arrive as well, so the unprivileged daemon sees at once that its ports were opened.</remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class FirewalldEvents(string? busAddress = null) : BusEvents(
    "firewalld events",
    HostChange.Firewalld,
    [
        $"type='signal',sender='{BusName}',interface='{BusName}',member='NameOwnerChanged',arg0='org.fedoraproject.FirewallD1'",
        "type='signal',sender='org.fedoraproject.FirewallD1'",
    ],
    busAddress);
