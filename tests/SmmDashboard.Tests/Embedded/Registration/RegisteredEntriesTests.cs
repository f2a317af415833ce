using System.Net;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Registration;

/// <summary>The indexed WorkloadEntries, compared with a search of all entries.</summary>
public sealed class RegisteredEntriesTests
{
    private const int Limit = 12;

    private static readonly MeshDescription Mesh = MeshDescriptionReader.Read(new MeshYaml().ToString()).Value!;
    private static readonly Guid[] Uuids = [.. Enumerable.Range(1, 4).Select(number => new Guid(number, 0, 0, new byte[8]))];

    [Fact]
    public void IndexEqualsSearchOfAllEntries()
    {
        var random = new Random(20_263);
        for (var round = 0; round < 100; round++)
        {
            var clock = new FakeTimeProvider();
            var indexed = new RegisteredEntries(new(Mesh, new CurrentMesh(Mesh.Settings)), clock, Limit);
            var searched = new SearchedEntries(clock);
            var connected = new List<(RegisteredEntry Indexed, RegisteredEntry Searched)>();
            for (var step = 0; step < 60; step++)
            {
                // Never zero, because of two entries of one moment either may be removed first.
                clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 4_000)));
                if (random.Next(3) > 0 || connected.Count == 0)
                {
                    var seed = random.Next();
                    var (one, other) = (Entry(new Random(seed)), Entry(new Random(seed)));
                    var isAdded = searched.TryAdd(other);
                    Assert.Equal(isAdded, indexed.TryAdd(one));
                    if (isAdded)
                        connected.Add((one, other));
                }
                else
                {
                    var at = random.Next(connected.Count);
                    indexed.Disconnect(connected[at].Indexed);
                    searched.Disconnect(connected[at].Searched);
                    connected.RemoveAt(at);
                }

                var (group, uuid, address) = (Group(random), Uuids[random.Next(Uuids.Length)], Address(random));
                var name = random.Next(4) == 0 ? null : Name(group, address);
                AssertEqual(searched.Find(group, uuid, name, address), indexed.Find(group, uuid, name, address));
                AssertEqual(searched.Find(group, uuid, null, null), indexed.Find(group, uuid, null, null));
            }
        }
    }

    private static void AssertEqual(RegisteredEntry? expected, RegisteredEntry? found)
    {
        Assert.Equal(expected is null, found is null);
        if (expected is not null)
        {
            Assert.Equal(
                (expected.Name, expected.Uuid, expected.Revision, expected.DisconnectedAt, expected.Labels["number"]),
                (found!.Name, found.Uuid, found.Revision, found.DisconnectedAt, found.Labels["number"]));
        }
    }

    private static RegisteredEntry Entry(Random random)
    {
        var (group, address) = (Group(random), Address(random));
        var labels = new Dictionary<string, string> { ["number"] = $"{random.Next()}" };
        if (random.Next(4) > 0)
            labels[EntryLabels.Uuid] = $"{Uuids[random.Next(Uuids.Length)]:D}";
        if (random.Next(6) == 0)
            labels[EntryLabels.Revision] = "another";
        var identity = new SpiffeId("cluster.local", group.Namespace, random.Next(8) == 0 ? "other" : "default");
        return new RegisteredEntry(Name(group, address), group, address, identity, labels);
    }

    private static GroupId Group(Random random) => new("vm-integration", $"group-{random.Next(2)}");

    private static IPAddress Address(Random random) => new([10, 0, 0, (byte)random.Next(1, 4)]);

    private static string Name(GroupId group, IPAddress address) => WorkloadEntryName.Create(group.Name, $"{address}", "network");

    /// <summary>The rules without an index.</summary>
    private sealed class SearchedEntries(TimeProvider clock)
    {
        private readonly List<RegisteredEntry> _entries = [];

        public bool TryAdd(RegisteredEntry entry)
        {
            RemoveExpired();
            if (_entries.Find(other => HasSameOwner(other, entry)) is { } existing)
            {
                if (!existing.IsSeenBy(Mesh.RevisionLabel))
                    return false;
                entry.TakeLabels(existing);
            }

            _entries.Add(entry);
            return true;
        }

        public void Disconnect(RegisteredEntry entry)
        {
            entry.DisconnectedAt = clock.GetUtcNow();
            RemoveExpired();
        }

        public RegisteredEntry? Find(GroupId group, Guid uuid, string? name, IPAddress? address)
        {
            RemoveExpired();
            return Enumerable.Reverse(_entries).Where(entry => Matches(entry, group, uuid, name, address))
                .MaxBy(entry => (
                    entry.Uuid == uuid, entry.DisconnectedAt is null && entry.IsSeenBy(Mesh.RevisionLabel), entry.Name == name));
        }

        // The address is not compared, because the sidecar cannot prove it.
        private static bool HasSameOwner(RegisteredEntry one, RegisteredEntry other) =>
            one.Group == other.Group && one.Name == other.Name && one.Identity == other.Identity && one.Uuid == other.Uuid;

        // The name contains the address. The entry of a VM with a new uuid has the old uuid until its sidecar is restarted.
        private static bool Matches(RegisteredEntry entry, GroupId group, Guid uuid, string? name, IPAddress? address) =>
            entry.Group == group
            && (entry.Uuid == uuid || entry.Name == name || (entry.Uuid is null && entry.Address.Equals(address)));

        private void RemoveExpired()
        {
            var now = clock.GetUtcNow();
            _entries.RemoveAll(entry => now - entry.DisconnectedAt >= RegisteredEntries.Grace);
            var disconnected = _entries.Where(entry => entry.DisconnectedAt is not null).OrderBy(entry => entry.DisconnectedAt).ToList();
            foreach (var entry in disconnected.Take(Math.Max(0, _entries.Count - Limit)))
                _entries.Remove(entry);
        }
    }
}
