using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Events;

/// <summary>Signals of the system bus. It connects without waiting, so there is one event when it is connected.</summary>
/// <param name="rules">Which signals.</param>
/// <param name="busAddress">Default: the system bus.</param>
public abstract class BusEvents(string name, HostChange change, IReadOnlyList<MatchRule> rules, string? busAddress)
    : EventSource(name, change)
{
    // systemd may be busy for minutes while the host starts. Until the answer arrives there is nothing that the agent could do better.
    private static readonly TimeSpan SubscriptionTime = TimeSpan.FromMinutes(5);

    private BusSubscription? _subscription;

    public override int Descriptor => _subscription!.Descriptor;

    /// <summary>What to ask the other side for, without which it sends no signal; null for nothing.</summary>
    private protected virtual BusCall? FirstCall => null;

    public override void Open()
    {
        // The descriptor first: where none can be made, no connection must remain open.
        var descriptor = new EventDescriptor();
        try
        {
            _subscription = new(Name, descriptor, BusConnection.Open(busAddress, SubscriptionTime), rules, FirstCall);
        }
        catch (DBusException exception)
        {
            descriptor.Dispose();
            throw new EventSourceException(exception.Message);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    public override HostChange Drain() => _subscription!.Drain() ? Change : HostChange.None;

    public override void Close()
    {
        _subscription?.Dispose();
        _subscription = null;
    }
}
