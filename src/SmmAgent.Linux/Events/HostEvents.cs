using System.Runtime.InteropServices;
using SmmAgent.Contract;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Events;

/// <summary>Waits for all event sources at once: one thread, one poll without a timeout while every source is up.</summary>
/// <remarks>
/// Every queue that is ready is emptied before there is one call of <c>changed</c>. The changes that the agent makes (its own iptables
/// calls, its own files) come back as events like those of other programs; the service that is woken observes, finds no drift and does
/// nothing. A source that cannot start or fails, for any reason, is reported once, and opened again after a delay that doubles from one
/// second to five minutes. When it is back, <c>changed</c> gets the changes that it may have missed.
/// </remarks>
/// <param name="sources">Owned from here on.</param>
/// <param name="changed">Called on the thread of <see cref="Run"/>; must return quickly.</param>
/// <param name="health">Called on the same thread when a source goes down, and when it is up again (null).</param>
public sealed class HostEvents(
    IReadOnlyList<EventSource> sources, Action<HostChange> changed, Action<EventSource, string?> health, TimeSpan? firstRetry = null)
    : IDisposable
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly EventDescriptor _stop = new();
    private readonly Slot[] _slots = sources.Select(source => new Slot(source)).ToArray();
    private readonly ExponentialBackoff _retry = new(firstRetry ?? TimeSpan.FromSeconds(1), LongestRetry);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when every source was opened or has reported its failure: changes from then on are noticed.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Ends <see cref="Run"/>. Any thread may call it.</summary>
    public void Stop() => _stop.Set();

    /// <summary>Waits for changes and reports them until <see cref="Stop"/>.</summary>
    public void Run()
    {
        try
        {
            foreach (var slot in _slots)
                TryOpen(slot);
            _listening.TrySetResult();

            var descriptors = new Libc.PollDescriptor[_slots.Length + 1];
            while (true)
            {
                Fill(descriptors);
                var ready = Libc.Poll(descriptors, (nuint)descriptors.Length, MillisecondsToWait());
                if (ready < 0)
                {
                    if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                        throw EventSourceException.LastError("poll");
                    continue;
                }

                if (descriptors[^1].Ready != 0)
                    return;
                var change = HostChange.None;
                for (var i = 0; i < _slots.Length; i++)
                    change |= Attend(_slots[i], descriptors[i].Ready);
                if (change != HostChange.None)
                    changed(change);
            }
        }
        catch (Exception exception)
        {
            _listening.TrySetException(exception);
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
            slot.Source.Dispose();
        _stop.Dispose();
    }

    private void Fill(Libc.PollDescriptor[] descriptors)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            // poll skips a negative descriptor.
            descriptors[i] = _slots[i].IsOpen
                ? new() { Descriptor = _slots[i].Source.Descriptor, Interest = Libc.PollIn }
                : new() { Descriptor = -1 };
        }

        descriptors[^1] = new() { Descriptor = _stop.Descriptor, Interest = Libc.PollIn };
    }

    private int MillisecondsToWait()
    {
        if (_slots.Min(slot => slot.DueAt) is not { } due)
            return -1;

        // Rounded up, so as not to wake just before it is due.
        var wait = Math.Ceiling((due - MonotonicTime.Now).TotalMilliseconds);
        return (int)Math.Clamp(wait, 0, int.MaxValue);
    }

    private HostChange Attend(Slot slot, short ready)
    {
        if (!slot.IsOpen)
            return slot.DueAt <= MonotonicTime.Now && TryOpen(slot) ? slot.Source.Change : HostChange.None;
        if (ready == 0)
            return HostChange.None;

        try
        {
            var change = slot.Source.Drain();
            // An error or hang-up that draining does not clear would make poll return at once for ever. Draining clears an overflow.
            if (change == HostChange.None && (ready & Libc.PollIn) == 0)
                throw new EventSourceException($"poll reports the error condition 0x{ready:x}");
            return change;
        }
#pragma warning disable CA1031 // A failure of one source must not end the others or the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Failed(slot, exception);
            return slot.Source.Change;
        }
    }

    private bool TryOpen(Slot slot)
    {
        try
        {
            slot.Source.Open();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Failed(slot, exception);
            return false;
        }

        slot.IsOpen = true;
        slot.OpenSince = MonotonicTime.Now;
        if (slot.Reason is not null)
            health(slot.Source, slot.Reason = null);
        return true;
    }

    private void Failed(Slot slot, Exception exception)
    {
        slot.Source.Close();
        // Only a source that lasted starts again with the shortest delay: a bus that accepts and ends connections must not be flooded.
        if (slot.IsOpen && MonotonicTime.Now - slot.OpenSince > LongestRetry)
            slot.Failures = 0;
        slot.IsOpen = false;
        slot.RetryAt = MonotonicTime.Now + _retry.After(++slot.Failures);
        var reason = exception is EventSourceException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";
        if (slot.Reason != reason)
            health(slot.Source, slot.Reason = reason);
    }

    private sealed class Slot(EventSource source)
    {
        public EventSource Source { get; } = source;

        public bool IsOpen { get; set; }

        public TimeSpan OpenSince { get; set; }

        public string? Reason { get; set; }

        public int Failures { get; set; }

        public TimeSpan? RetryAt { get; set; }

        public TimeSpan? DueAt => IsOpen ? null : RetryAt;
    }
}
