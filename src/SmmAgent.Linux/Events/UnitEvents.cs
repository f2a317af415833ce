using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Systemd;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Events;

/// <summary>Every change of the state of one unit, and every reload of the unit files by systemd, which may add the unit.</summary>
/// <remarks>
/// Not UnitNew and UnitRemoved: systemd sends both when a program observes a unit that is not loaded or does not exist, so each
/// observation would cause the next.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class UnitEvents(string unit, HostChange change, string? busAddress = null)
    : BusEvents($"events of {unit}", change, Rules(unit), busAddress)
{
    // Without it systemd sends nothing.
    private protected override BusCall FirstCall => SystemdBus.Method("Subscribe");

    private static MatchRule[] Rules(string unit) =>
    [
        new()
        {
            Type = MessageType.Signal,
            Sender = SystemdBus.BusName,
            Path = SystemdBus.PathOf(unit),
            Interface = "org.freedesktop.DBus.Properties",
            Member = "PropertiesChanged",
        },
        SystemdBus.Signal("Reloading"),
    ];
}
