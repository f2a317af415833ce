using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Machines;

/// <summary>
/// All machines at one moment, in the order of <see cref="MachineKey"/>, and a task that ends when there is a newer snapshot.
/// </summary>
/// <param name="Version">The version; each change of a machine or of the mesh has a higher one.</param>
/// <param name="Entries">The machines.</param>
/// <param name="Removed">The last removed machines, with the version of the removal.</param>
/// <param name="MeshVersion">The version of the last change of the mesh.</param>
public sealed record MachineSnapshot(
    long Version, IReadOnlyList<MachineEntry> Entries, IReadOnlyList<(MachineKey Key, long Version)> Removed, long MeshVersion)
{
    /// <summary>The maximum number of removed machines that are remembered for event streams.</summary>
    public const int MaximumRemoved = 1_000;

    private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static MachineSnapshot Empty { get; } = new(0, [], [], 0);

    public Task Superseded => _superseded.Task;

    public void Supersede() => _superseded.TrySetResult();

    /// <summary>Finds a machine of a group by its uuid, or by its name when only one machine of the group has it.</summary>
    public MachineEntry? Find(GroupId group, string idOrName)
    {
        MachineEntry? named = null;
        var isAmbiguous = false;
        foreach (var entry in Entries)
        {
            if (entry.Machine.Group != group)
                continue;
            if (entry.Machine.Id == idOrName)
                return entry;
            if (entry.Machine.Name != idOrName)
                continue;
            isAmbiguous |= named is not null;
            named = entry;
        }

        return isAmbiguous ? null : named;
    }
}
