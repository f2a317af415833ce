using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Events;

/// <summary>The signals of firewalld (reloaded, a zone changed), and its start and end on the bus.</summary>
/// <remarks>
/// The changes that root makes there arrive as well, so the unprivileged daemon notices at once that its ports were opened.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class FirewalldEvents(string? busAddress = null)
    : BusEvents("firewalld events", HostChange.Firewalld, Rules, busAddress)
{
    private const string Bus = "org.freedesktop.DBus";
    private const string Firewalld = "org.fedoraproject.FirewallD1";

    private static readonly MatchRule[] Rules =
    [
        new() { Type = MessageType.Signal, Sender = Bus, Interface = Bus, Member = "NameOwnerChanged", Arg0 = Firewalld },
        new() { Type = MessageType.Signal, Sender = Firewalld },
    ];
}
