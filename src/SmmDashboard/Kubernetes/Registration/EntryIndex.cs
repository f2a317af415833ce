using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Registration;

/// <summary>
/// The WorkloadEntries by all that a VM's entry is found by, so that a question does not go through those of ten thousand VMs.
/// </summary>
public sealed class EntryIndex
{
    private readonly ILookup<(string Namespace, string Key), WorkloadEntry> _entries;

    public EntryIndex(IEnumerable<WorkloadEntry> entries) => _entries = entries
        .SelectMany(entry => Keys(entry).Distinct().Select(key => (Key: (entry.Metadata.Namespace, key), entry)))
        .ToLookup(pair => pair.Key, pair => pair.entry);

    /// <summary>All entries that <see cref="WorkloadEntryFinder"/> could choose for the VM.</summary>
    public IReadOnlyList<WorkloadEntry> Candidates(RegisteringVm vm)
    {
        string?[] keys = [OfUuid(vm.Uuid), vm.EntryName is { } name ? OfName(name) : null,
            vm.Address is { } address ? OfAddress(address) : null];
        return [.. keys.OfType<string>().SelectMany(key => _entries[(vm.Group.Namespace, key)]).Distinct()];
    }

    private static IEnumerable<string> Keys(WorkloadEntry entry)
    {
        yield return OfName(entry.Metadata.Name);
        if (Guid.TryParse(entry.Metadata.Label(EntryLabels.Uuid), out var uuid))
            yield return OfUuid(uuid);
        if (IPAddress.TryParse(entry.Spec.Address, out var address))
            yield return OfAddress(address);
    }

    private static string OfUuid(Guid uuid) => $"uuid {uuid}";

    private static string OfName(string name) => $"name {name}";

    private static string OfAddress(IPAddress address) => $"address {address}";
}
