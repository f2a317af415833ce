using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The connections of registered sidecars: a limited number, of which each WorkloadGroup has a fair share. Once all places are taken, a sidecar of a group takes the newest
/// place of the group that has the most. So the token of one group cannot keep another group's sidecars out.
/// </summary>
public sealed class RegisteredPlaces(int total, int perClient, TimeProvider clock, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupName, List<Place>> _groups = [];
    private readonly Dictionary<UInt128, int> _clients = [];
    private readonly LogGate _gate = new(clock);
    private int _count;

    /// <summary>A place. It is given back by <see cref="Leave"/>.</summary>
    public sealed class Place(GroupName group, UInt128 client, CancellationToken stoppingToken) : IDisposable
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);

        public GroupName Group { get; } = group;

        public UInt128 Client { get; } = client;

        /// <summary>Ends when a sidecar of another group takes the place.</summary>
        public CancellationToken Token => _end.Token;

        internal void MakeWay()
        {
            try
            {
                _end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just gone by itself.
            }
        }

        public void Dispose() => _end.Dispose();
    }

    /// <returns>The place; null when there is none for this group or client.</returns>
    public Place? Enter(GroupName group, IPAddress? address, CancellationToken stoppingToken)
    {
        var client = ClientAddress.Key(address);
        Place? place = null;
        Place? leaving = null;
        lock (_lock)
        {
            var isAllowed = _clients.GetValueOrDefault(client) < perClient;
            if (isAllowed && _count >= total)
            {
                var (largest, places) = _groups.MaxBy(one => one.Value.Count);
                // A group that is as large as any other has its share.
                isAllowed = largest != group && places.Count > (_groups.GetValueOrDefault(group)?.Count ?? 0) + 1;
                if (isAllowed)
                    Remove(leaving = places[^1]);
            }

            if (isAllowed)
                Add(place = new Place(group, client, stoppingToken));
        }

        leaving?.MakeWay();
        if ((place is null || leaving is not null) && _gate.TryOpen(out var withheld))
            log.NoPlace(group, $"{address}", total, perClient, withheld);
        return place;
    }

    public void Leave(Place place)
    {
        lock (_lock)
            Remove(place);
    }

    private void Add(Place place)
    {
        if (!_groups.TryGetValue(place.Group, out var places))
            _groups[place.Group] = places = [];
        places.Add(place);
        _clients[place.Client] = _clients.GetValueOrDefault(place.Client) + 1;
        _count++;
    }

    private void Remove(Place place)
    {
        if (!_groups.TryGetValue(place.Group, out var places) || !places.Remove(place))
            return;

        _count--;
        if (places.Count == 0)
            _groups.Remove(place.Group);
        if (--_clients[place.Client] == 0)
            _clients.Remove(place.Client);
    }
}
