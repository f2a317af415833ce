using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The connections of registered sidecars: a limited number of slots, shared fairly by the WorkloadGroups. When all slots are taken, a
/// sidecar takes the newest slot of the group with the most slots. So the token of one group cannot exclude the sidecars of another
/// group.
/// </summary>
public sealed class RegistrationSlots(int total, int perClient, TimeProvider clock, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, List<Slot>> _groups = [];
    private readonly Dictionary<UInt128, int> _clients = [];
    private readonly LogLimiter _logLimiter = new(clock);
    private int _count;

    /// <summary>A slot. <see cref="Leave"/> returns it.</summary>
    public sealed class Slot(GroupId group, UInt128 client, CancellationToken stoppingToken) : IDisposable
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);

        public GroupId Group { get; } = group;

        public UInt128 Client { get; } = client;

        /// <summary>Cancelled when a sidecar of another group takes the slot.</summary>
        public CancellationToken Token => _end.Token;

        internal void Evict()
        {
            try
            {
                _end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The connection has just been closed.
            }
        }

        public void Dispose() => _end.Dispose();
    }

    /// <summary>Takes a slot.</summary>
    /// <returns>The slot; null when there is none for this group or client.</returns>
    public Slot? Enter(GroupId group, IPAddress? address, CancellationToken stoppingToken)
    {
        var client = ClientAddress.Key(address);
        Slot? slot = null;
        Slot? leaving = null;
        lock (_lock)
        {
            var isAllowed = _clients.GetValueOrDefault(client) < perClient;
            if (isAllowed && _count >= total)
            {
                var (largest, slots) = _groups.MaxBy(one => one.Value.Count);
                // A group that has as many slots as the largest one already has its share.
                isAllowed = largest != group && slots.Count > (_groups.GetValueOrDefault(group)?.Count ?? 0) + 1;
                if (isAllowed)
                    Remove(leaving = slots[^1]);
            }

            if (isAllowed)
                Add(slot = new Slot(group, client, stoppingToken));
        }

        leaving?.Evict();
        if ((slot is null || leaving is not null) && _logLimiter.TryAcquire(out var withheld))
            log.NoSlot(group, $"{address}", total, perClient, withheld);
        return slot;
    }

    public void Leave(Slot slot)
    {
        lock (_lock)
            Remove(slot);
    }

    private void Add(Slot slot)
    {
        if (!_groups.TryGetValue(slot.Group, out var slots))
            _groups[slot.Group] = slots = [];
        slots.Add(slot);
        _clients[slot.Client] = _clients.GetValueOrDefault(slot.Client) + 1;
        _count++;
    }

    private void Remove(Slot slot)
    {
        if (!_groups.TryGetValue(slot.Group, out var slots) || !slots.Remove(slot))
            return;

        _count--;
        if (slots.Count == 0)
            _groups.Remove(slot.Group);
        if (--_clients[slot.Client] == 0)
            _clients.Remove(slot.Client);
    }
}
