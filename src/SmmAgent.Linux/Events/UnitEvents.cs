using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Events;

/// <summary>Every change of one unit's state, and every time that systemd has read the unit files again: then there may be another unit.</summary>
/// <remarks>
/// Not UnitNew and UnitRemoved: systemd sends both when somebody only looks at a unit that it had not loaded or that does not exist, so a look
/// would be the reason for the next.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class UnitEvents(string unit, HostChange change, string? busAddress = null) : BusEvents(
    $"events of {unit}",
    change,
    [
        $"type='signal',sender='{SystemdBus.BusName}',path='{SystemdBus.PathOf(unit)}',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
        $"type='signal',sender='{SystemdBus.BusName}',path='{SystemdBus.ManagerPath}',interface='{SystemdBus.Manager}',member='Reloading'",
    ],
    busAddress)
{
    // Without it systemd sends nothing.
    private protected override BusMessage FirstCall(SdBus bus) =>
        bus.NewCall(SystemdBus.BusName, SystemdBus.ManagerPath, SystemdBus.Manager, "Subscribe");
}
