using System.Net;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Http.Connections;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The WorkloadEntries, one per connection, until 10 s after the disconnect of the sidecar. An entry belongs to the proved identity and
/// the uuid: of two sidecars that claim one address, neither excludes the other nor takes over its entry.
/// </summary>
public sealed class RegisteredEntries(
    CurrentMeshDescription mesh, TimeProvider clock, int limit = ConnectionBudget.DefaultRegisteredSidecars)
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly RegisteredEntryIndex _entries = new();
    private readonly Queue<RegisteredEntry> _disconnected = []; // in the order of the disconnects

    /// <summary>Adds the entry. If its owner already has an entry with that name, the new entry gets the labels of the old one.</summary>
    /// <returns>False when the owner already has an entry with that name that the control plane does not see.</returns>
    public bool TryAdd(RegisteredEntry entry)
    {
        lock (_lock)
        {
            RemoveExpired();
            if (_entries.FindSameOwner(entry) is { } existing)
            {
                if (!existing.IsSeenBy(mesh.Mesh.RevisionLabel))
                    return false;
                entry.TakeLabels(existing);
            }

            _entries.Add(entry);
            return true;
        }
    }

    public void Disconnect(RegisteredEntry entry)
    {
        lock (_lock)
        {
            if (entry.DisconnectedAt is null)
            {
                entry.DisconnectedAt = clock.GetUtcNow();
                _disconnected.Enqueue(entry);
            }

            RemoveExpired();
        }
    }

    /// <summary>Finds the entry of an agent: by its uuid, else by its name, else by its address without a uuid.</summary>
    /// <param name="group">The WorkloadGroup.</param>
    /// <param name="uuid">The uuid of the agent.</param>
    /// <param name="name">The name that its entry would have; null while its address is unknown.</param>
    /// <param name="address">The address of the agent; null when unknown.</param>
    public RegisteredEntry? Find(GroupId group, Guid uuid, string? name, IPAddress? address)
    {
        lock (_lock)
        {
            RemoveExpired();
            // After an address change the old entry remains for 10 s. Of several connections the newest one counts.
            return _entries.Matching(group, uuid, name, address)
                .MaxBy(entry => (entry.Uuid == uuid, IsRegistered(entry), entry.Name == name, _entries.NumberOf(entry)));
        }
    }

    /// <summary>Whether the sidecar is connected and the control plane sees the entry.</summary>
    public bool IsRegistered(RegisteredEntry entry) => entry.DisconnectedAt is null && entry.IsSeenBy(mesh.Mesh.RevisionLabel);

    // Repeated connections are bounded as well: the entries that were disconnected first are removed.
    private void RemoveExpired()
    {
        var now = clock.GetUtcNow();
        while (_disconnected.TryPeek(out var first) && (_entries.Count > limit || now - first.DisconnectedAt >= Grace))
            _entries.Remove(_disconnected.Dequeue());
    }
}
