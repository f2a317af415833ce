using System.Net;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Entries by everything that an agent finds its own by, so that a look-up does not read those of the other VMs.</summary>
internal sealed class RegisteredEntryIndex
{
    private readonly Dictionary<RegisteredEntry, (long Number, Guid? Uuid)> _entries = [];
    private readonly Dictionary<(GroupId Group, object Key), List<RegisteredEntry>> _byKey = [];
    private long _last;

    public int Count => _entries.Count;

    /// <summary>Adds an entry. Its labels must not change afterwards.</summary>
    public void Add(RegisteredEntry entry)
    {
        _entries.Add(entry, (++_last, entry.Uuid));
        foreach (var key in Keys(entry, entry.Uuid))
        {
            if (!_byKey.TryGetValue((entry.Group, key), out var entries))
                _byKey[(entry.Group, key)] = entries = new(1);
            entries.Add(entry);
        }
    }

    public void Remove(RegisteredEntry entry)
    {
        if (!_entries.Remove(entry, out var added))
            return;

        foreach (var key in Keys(entry, added.Uuid))
        {
            var entries = _byKey[(entry.Group, key)];
            entries.Remove(entry);
            if (entries.Count == 0)
                _byKey.Remove((entry.Group, key));
        }
    }

    /// <summary>The entries of a name, in the order in which they were added.</summary>
    public IReadOnlyList<RegisteredEntry> Named(GroupId group, string name) => Find(group, name);

    /// <summary>All entries that may be the agent's, with the number of their place in the order in which they were added.</summary>
    public IEnumerable<(RegisteredEntry Entry, long Number)> Matching(GroupId group, Guid uuid, string? name, IPAddress? address)
    {
        object?[] keys = [uuid, name, address];
        return keys.OfType<object>().SelectMany(key => Find(group, key)).Distinct().Select(entry => (entry, _entries[entry].Number));
    }

    private List<RegisteredEntry> Find(GroupId group, object key) => _byKey.GetValueOrDefault((group, key)) ?? [];

    // The types of the keys differ, so a name is never equal to an address.
    private static IEnumerable<object> Keys(RegisteredEntry entry, Guid? uuid)
    {
        yield return entry.Name;
        yield return uuid is { } known ? known : entry.Address;
    }
}
