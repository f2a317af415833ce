using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Events;

/// <summary>Signals of the system bus. It connects without waiting, so there is one event when it is connected.</summary>
/// <param name="rules">Which signals, as match rules.</param>
/// <param name="busAddress">Default: the system bus.</param>
public abstract class BusEvents(string name, HostChange change, IReadOnlyList<string> rules, string? busAddress) : EventSource(name, change)
{
    protected const string BusName = "org.freedesktop.DBus";

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

        Try(bus =>
        {
            foreach (var rule in rules)
                bus.Subscribe(rule);
            _repliesToCome = rules.Count;
            if (FirstCall(bus) is { } call)
            {
                bus.Send(call);
                _repliesToCome++;
            }

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

    /// <summary>What is asked of the other side so that it sends anything; null for nothing.</summary>
    private protected virtual BusMessage? FirstCall(SdBus bus) => null;

    private HostChange Meaning(BusMessage message)
    {
        if (message.IsSignal($"{BusName}.Local", "Disconnected"))
            throw new EventSourceException("the system bus ended the connection");
        if (message.Error is { } error)
            throw new EventSourceException($"the system bus refused to send {Name}: {error.Message}");
        // The bus greets with NameAcquired, which is nobody's change.
        if (message.IsSignal(null, null))
            return message.IsSignal(BusName, "NameAcquired") ? HostChange.None : Change;
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
