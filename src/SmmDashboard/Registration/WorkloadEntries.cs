using System.Net;
using SmmDashboard.Mesh;

namespace SmmDashboard.Registration;

/// <summary>The WorkloadEntries: each exists while its sidecar is connected and 10 s longer.</summary>
public sealed class WorkloadEntries(TimeProvider clock)
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Name), WorkloadEntry> _entries = [];

    /// <summary>Adds the entry. An older one of the same name gives way: the newest connection speaks for the VM.</summary>
    public void Add(WorkloadEntry entry)
    {
        lock (_lock)
        {
            RemoveOver();
            _entries[(entry.Group.Namespace, entry.Name)] = entry;
        }
    }

    public void Disconnect(WorkloadEntry entry)
    {
        lock (_lock)
        {
            RemoveOver();
            entry.DisconnectedAt = clock.GetUtcNow();
        }
    }

    public WorkloadEntry? Find(GroupName group, Guid uuid, IPAddress? address)
    {
        lock (_lock)
        {
            RemoveOver();
            return _entries.Values
                .Where(entry => entry.IsOf(group, uuid, address))
                .MaxBy(entry => entry.DisconnectedAt is null); // an address change leaves the old entry for its last 10 s
        }
    }

    private void RemoveOver()
    {
        var now = clock.GetUtcNow();
        foreach (var (key, entry) in _entries)
        {
            if (entry.DisconnectedAt is { } at && now - at >= Grace)
                _entries.Remove(key);
        }
    }
}
