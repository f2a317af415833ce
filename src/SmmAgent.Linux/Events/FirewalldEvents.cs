using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Events;

/// <summary>firewalld's own signals (reloaded, a zone changed), and its coming and going on the bus.</summary>
/// <remarks>
/// Root's changes there arrive as well, so the unprivileged daemon sees at once that its ports were opened. It connects without waiting, so
/// there is one event when it is connected.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class FirewalldEvents(string? busAddress = null) : EventSource("firewalld events", HostChange.Firewalld)
{
    private const string Bus = "org.freedesktop.DBus";

    private static readonly string[] Rules =
    [
        $"type='signal',sender='{Bus}',interface='{Bus}',member='NameOwnerChanged',arg0='org.fedoraproject.FirewallD1'",
        "type='signal',sender='org.fedoraproject.FirewallD1'",
    ];

    private SdBus? _bus;
    private int _repliesToCome;
    private (int Descriptor, short Interest, TimeSpan? DrainAt) _wait;

    public override int Descriptor => _wait.Descriptor;

    public override short Interest => _wait.Interest;

    public override TimeSpan? DrainAt => _wait.DrainAt;

    public override void Open()
    {
        try
        {
            _bus = SdBus.OpenSystem(busAddress);
        }
        catch (DBusException exception)
        {
            throw new EventSourceException(exception.Message);
        }

        _repliesToCome = Rules.Length;
        Try(bus =>
        {
            foreach (var rule in Rules)
                bus.Subscribe(rule);
            return HostChange.None;
        });
    }

    public override HostChange Drain() => Try(bus =>
    {
        var change = HostChange.None;
        while (bus.Process(out var message))
        {
            using (message)
                change |= message is null ? HostChange.None : Meaning(message);
        }

        return change;
    });

    public override void Close()
    {
        _bus?.Dispose();
        _bus = null;
    }

    private HostChange Meaning(BusMessage message)
    {
        if (message.IsSignal($"{Bus}.Local", "Disconnected"))
            throw new EventSourceException("the system bus ended the connection");
        if (message.IsError)
            throw new EventSourceException("the system bus refused to send firewalld's signals");
        // The bus greets with NameAcquired, which is nobody's change.
        if (message.IsSignal(null, null))
            return message.IsSignal(Bus, "NameAcquired") ? HostChange.None : Change;
        // Subscribed only now: what happened since Open may have been missed.
        return --_repliesToCome == 0 ? Change : HostChange.None;
    }

    private HostChange Try(Func<SdBus, HostChange> use)
    {
        try
        {
            var change = use(_bus!);
            // What the connection waits for changes only while it is used.
            _wait = (_bus!.Descriptor, _bus.Interest, _bus.ProcessAt);
            return change;
        }
        catch (DBusException exception)
        {
            throw new EventSourceException(exception.Message);
        }
    }
}
