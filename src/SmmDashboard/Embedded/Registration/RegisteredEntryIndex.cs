using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Entries by everything that an agent finds its own by, so that a look-up does not read those of the other VMs.</summary>
internal sealed class RegisteredEntryIndex
{
    private readonly Dictionary<RegisteredEntry, long> _numbers = [];
    private readonly Dictionary<(GroupId Group, object Key), List<RegisteredEntry>> _byKey = [];
    private long _last;

    public int Count => _numbers.Count;

    public void Add(RegisteredEntry entry)
    {
        _numbers.Add(entry, ++_last);
        foreach (var key in Keys(entry))
        {
            if (!_byKey.TryGetValue((entry.Group, key), out var entries))
                _byKey[(entry.Group, key)] = entries = new(1);
            entries.Add(entry);
        }
    }

    public void Remove(RegisteredEntry entry)
    {
        if (!_numbers.Remove(entry))
            return;

        foreach (var key in Keys(entry))
        {
            var entries = _byKey[(entry.Group, key)];
            entries.Remove(entry);
            if (entries.Count == 0)
                _byKey.Remove((entry.Group, key));
        }
    }

    /// <summary>Finds the first of the entries that the owner of an entry has with the same name; null when there is none.</summary>
    public RegisteredEntry? FindSameOwner(RegisteredEntry entry) => Find(entry.Group, Owner.From(entry)).FirstOrDefault();

    /// <summary>All entries that may be the agent's. An entry may be there twice.</summary>
    public IEnumerable<RegisteredEntry> Matching(GroupId group, Guid uuid, string? name, IPAddress? address)
    {
        object?[] keys = [uuid, name, address];
        return keys.OfType<object>().SelectMany(key => Find(group, key));
    }

    /// <summary>The place of an entry in the order in which they were added.</summary>
    public long NumberOf(RegisteredEntry entry) => _numbers[entry];

    private List<RegisteredEntry> Find(GroupId group, object key) => _byKey.GetValueOrDefault((group, key)) ?? [];

    // The types of the keys differ, so a name is never equal to an address. The name contains the address: the entry of a VM with a new
    // uuid has the old uuid until its sidecar is restarted. The owner does not contain it, because the sidecar cannot prove it.
    private static IEnumerable<object> Keys(RegisteredEntry entry)
    {
        yield return entry.Name;
        yield return entry.Uuid is { } uuid ? uuid : entry.Address;
        yield return Owner.From(entry);
    }

    // The sidecars of a group may all claim one name. Then each still finds its own entry at once.
    private sealed record Owner(string Name, SpiffeId Identity, Guid? Uuid)
    {
        public static Owner From(RegisteredEntry entry) => new(entry.Name, entry.Identity, entry.Uuid);
    }
}
