using System.Diagnostics;
using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Groups;

namespace SmmAgent.Bench;

/// <summary>
/// The WorkloadEntries of the embedded mode: registration, the question of the agent, and the disconnect, for each sidecar.
/// </summary>
internal static class EntriesBench
{
    private static readonly GroupId Group = new("bench", "group-0");

    public static void Run(Report report, int few, int many)
    {
        Time(few); // the code is compiled
        var small = Enumerable.Range(0, 3).Select(_ => Time(few)).Min();
        report.Beside($"WorkloadEntries of {many:#,0} sidecars beside {few:#,0}, for each sidecar", Time(many) * 1000 / many,
            small * 1000 / few, "µs", "ratio 2 or less");
    }

    private static double Time(int sidecars)
    {
        var mesh = new MeshDescription
        {
            Settings = new MeshSettings("http://127.0.0.1"),
            ClusterRanges = [],
            Groups = new Dictionary<GroupId, ServedGroup>(),
            TokenSha256s = new Dictionary<GroupId, IReadOnlyList<byte[]>>(),
            Warnings = [],
        };
        var description = new CurrentMeshDescription(mesh, new CurrentMesh(mesh.Settings));
        var entries = new RegisteredEntries(description, TimeProvider.System, limit: sidecars);
        var all = Enumerable.Range(0, sidecars).Select(Entry).ToList();
        var watch = Stopwatch.StartNew();
        foreach (var entry in all)
            entries.TryAdd(entry);
        foreach (var entry in all)
        {
            if (entries.Find(Group, entry.Uuid!.Value, entry.Name, entry.Address) != entry)
                throw new InvalidOperationException($"{entry.Name} was not found");
        }

        foreach (var entry in all)
            entries.Disconnect(entry);
        return watch.Elapsed.TotalMilliseconds;
    }

    private static RegisteredEntry Entry(int index)
    {
        var address = new IPAddress([10, (byte)(index / 62_500), (byte)(index / 250 % 250), (byte)(index % 250 + 1)]);
        return new RegisteredEntry(
            WorkloadEntryName.Create(Group.Name, $"{address}", "vm-network-1"), Group, address,
            new SpiffeId("cluster.local", Group.Namespace, "default"),
            new Dictionary<string, string> { [EntryLabels.Uuid] = $"{Guid.NewGuid():D}" });
    }
}
