using System.Net;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>
/// The WorkloadEntries: one for each connection, while its sidecar is connected and 10 s longer. An entry belongs to the identity that was proved and
/// the uuid: of two sidecars that claim one address, neither keeps the other out nor takes its entry.
/// </summary>
public sealed class RegisteredEntries(CurrentMeshDescription mesh, TimeProvider clock, int limit = 10_000)
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<RegisteredEntry> _entries = [];

    /// <summary>Adds the entry. Where its owner has one of that name, it gets the labels of that one.</summary>
    /// <returns>False when its owner has one of that name that the control plane does not see.</returns>
    public bool TryAdd(RegisteredEntry entry)
    {
        lock (_lock)
        {
            RemoveOver();
            if (_entries.Find(other => other.HasSameOwner(entry)) is { } existing)
            {
                if (!existing.IsSeenBy(mesh.Mesh.RevisionLabel))
                    return false;
                entry.Labels = existing.Labels;
            }

            _entries.Add(entry);
            return true;
        }
    }

    public void Disconnect(RegisteredEntry entry)
    {
        lock (_lock)
        {
            entry.DisconnectedAt = clock.GetUtcNow();
            RemoveOver();
        }
    }

    /// <summary>The entry of an agent: the one with its uuid, else of its name, else of its address without a uuid.</summary>
    /// <param name="name">The name that its entry would have; null while its address is not known.</param>
    public RegisteredEntry? Find(GroupId group, Guid uuid, string? name, IPAddress? address)
    {
        lock (_lock)
        {
            RemoveOver();
            // An address change leaves the old entry for its last 10 s. Of several connections the newest counts.
            return _entries.Where(entry => entry.Matches(group, uuid, name, address)).Reverse()
                .MaxBy(entry => (entry.Uuid == uuid, IsRegistered(entry), entry.Name == name));
        }
    }

    /// <summary>Whether its sidecar is connected and the control plane sees it.</summary>
    public bool IsRegistered(RegisteredEntry entry) => entry.DisconnectedAt is null && entry.IsSeenBy(mesh.Mesh.RevisionLabel);

    private void RemoveOver()
    {
        var now = clock.GetUtcNow();
        _entries.RemoveAll(entry => now - entry.DisconnectedAt >= Grace);
        // Who connects again and again has a bound, too: the ones that were left first go.
        if (_entries.Count > limit)
        {
            foreach (var entry in _entries.Where(entry => entry.DisconnectedAt is not null).OrderBy(entry => entry.DisconnectedAt).Take(_entries.Count - limit).ToList())
                _entries.Remove(entry);
        }
    }
}
