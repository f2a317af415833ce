using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Daemon.Listeners;

/// <summary>How many connections one port holds, in total and for one client.</summary>
/// <param name="total">The cluster's Prometheus, dashboard and kubelets need a handful.</param>
/// <param name="perClient">All of a cluster may come from one address of its NAT gateway.</param>
public sealed class ConnectionLimits(int total = 64, int perClient = 16)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _clients = [];
    private int _total;

    /// <summary>Takes a place, or does not when there is none left. A place is given back with <see cref="Leave"/>.</summary>
    public bool TryEnter(IPAddress address)
    {
        var client = Client(address);
        lock (_lock)
        {
            var held = _clients.GetValueOrDefault(client);
            if (_total >= total || held >= perClient)
                return false;

            _total++;
            _clients[client] = held + 1;
            return true;
        }
    }

    public void Leave(IPAddress address)
    {
        var client = Client(address);
        lock (_lock)
        {
            _total--;
            if (--_clients[client] == 0)
                _clients.Remove(client);
        }
    }

    // Whoever has one IPv6 address has the whole /64.
    private static IPAddress Client(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }
}
