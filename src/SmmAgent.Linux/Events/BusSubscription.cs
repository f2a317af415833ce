using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Events;

/// <summary>The signals of one connection to the bus, as a descriptor to poll.</summary>
/// <remarks>The signals arrive on the thread pool. One thread polls.</remarks>
internal sealed class BusSubscription : IDisposable
{
    private readonly Lock _gate = new();
    private readonly EventDescriptor _event;
    private readonly string _name;
    private readonly BusConnection _bus;
    private bool _isClosed;
    private bool _hasSignal;
    private string? _failure;

    /// <param name="name">The name of the event source, for messages.</param>
    /// <param name="descriptor">Readable after a signal. Disposed with this.</param>
    /// <param name="bus">Disposed with this.</param>
    /// <param name="firstCall">What to ask the other side for, without which it sends no signal; null for nothing.</param>
    public BusSubscription(
        string name, EventDescriptor descriptor, BusConnection bus, IReadOnlyList<MatchRule> rules, BusCall? firstCall)
    {
        _name = name;
        _event = descriptor;
        _bus = bus;
        // Not awaited: it ends with the connection, and Drain throws its failure.
        _ = ListenAsync(rules, firstCall);
    }

    public int Descriptor => _event.Descriptor;

    /// <summary>Makes the descriptor unreadable until the next signal.</summary>
    /// <returns>Whether a signal arrived since the last call.</returns>
    /// <exception cref="EventSourceException">No signal arrives any more; the message has the reason.</exception>
    public bool Drain()
    {
        lock (_gate)
        {
            _event.Clear();
            if (_failure is not null)
                throw new EventSourceException(_failure);
            return (_hasSignal, _hasSignal = false).Item1;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _event.Dispose();
        }

        _bus.Dispose();
    }

    private async Task ListenAsync(IReadOnlyList<MatchRule> rules, BusCall? firstCall)
    {
        try
        {
            foreach (var rule in rules)
                await _bus.SubscribeAsync(rule, Report, CancellationToken.None).ConfigureAwait(false);
            if (firstCall is not null)
                await _bus.ChangeAsync(firstCall, CancellationToken.None).ConfigureAwait(false);
            // Subscribed only now: a change since the start may have been missed.
            Report();
            Report((await _bus.DisconnectedAsync().ConfigureAwait(false)).Message);
        }
        catch (DBusException exception)
        {
            Report(exception.Name == DBusException.NoReply
                ? exception.Message
                : $"the system bus refused to send {_name}: {exception.Message}");
        }
#pragma warning disable CA1031 // A failure of one source must not end the process; the source is opened again later.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private void Report()
    {
        lock (_gate)
        {
            if (_isClosed || _hasSignal)
                return;
            _hasSignal = true;
            _event.Set();
        }
    }

    private void Report(string failure)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _failure = failure;
            _event.Set();
        }
    }
}
