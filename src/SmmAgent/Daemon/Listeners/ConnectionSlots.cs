using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Daemon.Listeners;

/// <summary>The connections that one port holds, in total and for one client. A client with more connections than others makes way for them.</summary>
/// <param name="total">The most connections. The cluster's Prometheus, dashboard and kubelets need a handful.</param>
/// <param name="perClient">The most of one client. All of a cluster may come from one address of its NAT gateway.</param>
public sealed class ConnectionSlots(int total = 64, int perClient = 16)
{
    private readonly Lock _lock = new();
    private readonly List<Slot> _taken = [];
    private long _events;

    /// <summary>Takes a place for a new connection. Where none is left, the longest idle connection of the client that has most of them is ended.</summary>
    /// <param name="remote">The client's address.</param>
    /// <param name="abort">Ends the connection at once.</param>
    /// <returns>Null when the connection cannot be had: every other one is at work, and no client has more than this one.</returns>
    public Slot? Enter(IPAddress remote, Action abort)
    {
        var client = Client(remote);
        Slot place;
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
            place = new(this, client, abort) { Since = ++_events };
            _taken.Add(place);
        }

        evicted?.Abort();
        return place;
    }

    private static Slot? LongestIdle(IEnumerable<Slot> places) => places.Where(place => place.Requests == 0).MinBy(place => place.Since);

    // Of a client that has more than the new one gets, a connection that is at work makes way, too.
    private Slot? OfTheLargest(IPAddress newcomer, int ofNewcomer)
    {
        var clients = _taken.GroupBy(place => place.Client)
            .Select(group => (Count: group.Key.Equals(newcomer) ? ofNewcomer : group.Count(), Places: group.ToList())).ToList();
        var largest = clients.Max(client => client.Count);
        var places = clients.Where(client => client.Count == largest).SelectMany(client => client.Places).ToList();
        return LongestIdle(places) ?? (largest > ofNewcomer ? places.MinBy(place => place.Since) : null);
    }

    // Whoever has one IPv6 address has the whole /64; whoever is on this host has every address of the loopback.
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

    /// <summary>The place of one connection; disposing it gives it back.</summary>
    public sealed class Slot(ConnectionSlots places, IPAddress client, Action abort) : IDisposable
    {
        internal IPAddress Client => client;

        /// <summary>The requests that are being answered.</summary>
        internal int Requests { get; private set; }

        /// <summary>When it last was at work; a later number is a later time.</summary>
        internal long Since { get; set; }

        public void Begin() => Count(1);

        public void End() => Count(-1);

        public void Dispose()
        {
            lock (places._lock)
                places._taken.Remove(this);
        }

        internal void Abort() => abort();

        private void Count(int by)
        {
            lock (places._lock)
            {
                Requests += by;
                Since = ++places._events;
            }
        }
    }
}
