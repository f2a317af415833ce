using System.Net;
using SmmDashboard.Files.Mesh;
using SmmDashboard.Mesh;

namespace SmmDashboard.Files.Registration;

/// <summary>
/// The WorkloadEntries: each exists while its sidecar is connected and 10 s longer. An entry whose label no control plane has is removed by
/// none, as in a cluster: it is here until the process ends.
/// </summary>
public sealed class WorkloadEntries(CurrentDescription mesh, TimeProvider clock, int limit = 10_000)
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Name), WorkloadEntry> _entries = [];

    /// <summary>Adds the entry, or takes over the one of that name, which keeps its labels.</summary>
    /// <returns>False when there is one of that name that the control plane does not see.</returns>
    public bool TryAdd(WorkloadEntry entry)
    {
        lock (_lock)
        {
            RemoveOver();
            var key = (entry.Group.Namespace, entry.Name);
            if (_entries.TryGetValue(key, out var existing))
            {
                if (!existing.IsSeenBy(mesh.Mesh.RevisionLabel))
                    return false;
                entry.Labels = existing.Labels;
            }

            _entries[key] = entry;
            return true;
        }
    }

    public void Disconnect(WorkloadEntry entry)
    {
        lock (_lock)
        {
            entry.DisconnectedAt = clock.GetUtcNow();
            RemoveOver();
        }
    }

    /// <summary>The entry of an agent: the one with its uuid, else of its name, else of its address without a uuid.</summary>
    /// <param name="name">The name that its entry would have; null while its address is not known.</param>
    public WorkloadEntry? Find(GroupName group, Guid uuid, string? name, IPAddress? address)
    {
        lock (_lock)
        {
            RemoveOver();
            // An address change leaves the old entry for its last 10 s.
            return _entries.Values
                .Where(entry => entry.IsOf(group, uuid, name, address))
                .MaxBy(entry => (IsRegistered(entry), entry.Uuid == uuid, entry.Name == name));
        }
    }

    /// <summary>Whether its sidecar is connected and the control plane sees it.</summary>
    public bool IsRegistered(WorkloadEntry entry) => entry.DisconnectedAt is null && entry.IsSeenBy(mesh.Mesh.RevisionLabel);

    private void RemoveOver()
    {
        var now = clock.GetUtcNow();
        foreach (var (key, entry) in _entries)
        {
            if (entry.DisconnectedAt is { } at && now - at >= Grace && mesh.Mesh.IsServed(entry.Revision))
                _entries.Remove(key);
        }

        // Entries that nobody removes have a bound, too: the ones that were left first go.
        if (_entries.Count > limit)
        {
            foreach (var (key, _) in _entries.Where(pair => pair.Value.DisconnectedAt is not null).OrderBy(pair => pair.Value.DisconnectedAt).Take(_entries.Count - limit).ToList())
                _entries.Remove(key);
        }
    }
}
