using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Daemon.Listeners;

/// <summary>
/// Limits the connections of one port, in total and for each client. A client with more connections than others loses one to them.
/// </summary>
/// <param name="total">The limit of all connections. Prometheus, the dashboard and the kubelets of a cluster need a handful.</param>
/// <param name="perClient">The limit of one client. A whole cluster may share the address of its NAT gateway.</param>
public sealed class ConnectionSlots(int total = 64, int perClient = 16)
{
    private readonly Lock _lock = new();
    private readonly List<Slot> _taken = [];
    private long _events;

    /// <summary>
    /// Takes a slot for a new connection. If no slot is free, the longest idle connection of the client with most connections is closed.
    /// </summary>
    /// <param name="remote">The address of the client.</param>
    /// <param name="abort">Closes the connection at once.</param>
    /// <returns>Null if the connection must be refused: every other one is in use, and no client has more than this one.</returns>
    public Slot? Enter(IPAddress remote, Action abort)
    {
        var client = Client(remote);
        Slot slot;
        Slot? evicted = null;
        lock (_lock)
        {
            var own = _taken.Count(taken => taken.Client.Equals(client));
            if (own >= perClient)
                evicted = LongestIdle(_taken.Where(taken => taken.Client.Equals(client)));
            else if (_taken.Count >= total)
                evicted = OfTheLargest(client, own + 1);
            if (evicted is null && (own >= perClient || _taken.Count >= total))
                return null;

            if (evicted is not null)
                _taken.Remove(evicted);
            slot = new(this, client, abort) { Since = ++_events };
            _taken.Add(slot);
        }

        evicted?.Abort();
        return slot;
    }

    private static Slot? LongestIdle(IEnumerable<Slot> slots) => slots.Where(slot => slot.Requests == 0).MinBy(slot => slot.Since);

    // A client that has more than the new one gets also loses a connection in use.
    private Slot? OfTheLargest(IPAddress newcomer, int ofNewcomer)
    {
        var clients = _taken.GroupBy(slot => slot.Client)
            .Select(group => (Count: group.Key.Equals(newcomer) ? ofNewcomer : group.Count(), Places: group.ToList())).ToList();
        var largest = clients.Max(client => client.Count);
        var slots = clients.Where(client => client.Count == largest).SelectMany(client => client.Places).ToList();
        return LongestIdle(slots) ?? (largest > ofNewcomer ? slots.MinBy(slot => slot.Since) : null);
    }

    // A client with one IPv6 address has the whole /64; a client on this host has every loopback address.
    private static IPAddress Client(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return IPAddress.Loopback;
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>The slot of one connection; disposing it frees it.</summary>
    public sealed class Slot(ConnectionSlots slots, IPAddress client, Action abort) : IDisposable
    {
        internal IPAddress Client => client;

        /// <summary>The number of requests in progress.</summary>
        internal int Requests { get; private set; }

        /// <summary>When it was last in use; a greater number is a later time.</summary>
        internal long Since { get; set; }

        public void Begin() => Count(1);

        public void End() => Count(-1);

        public void Dispose()
        {
            lock (slots._lock)
                slots._taken.Remove(this);
        }

        internal void Abort() => abort();

        private void Count(int by)
        {
            lock (slots._lock)
            {
                Requests += by;
                Since = ++slots._events;
            }
        }
    }
}
