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
        string?[] keys = [UuidKey(vm.Uuid), vm.EntryName is { } name ? NameKey(name) : null,
            vm.Address is { } address ? AddressKey(address) : null];
        return [.. keys.OfType<string>().SelectMany(key => _entries[(vm.Group.Namespace, key)]).Distinct()];
    }

    private static IEnumerable<string> Keys(WorkloadEntry entry)
    {
        yield return NameKey(entry.Metadata.Name);
        if (Guid.TryParse(entry.Metadata.Label(EntryLabels.Uuid), out var uuid))
            yield return UuidKey(uuid);
        if (IPAddress.TryParse(entry.Spec.Address, out var address))
            yield return AddressKey(address);
    }

    private static string UuidKey(Guid uuid) => $"uuid {uuid}";

    private static string NameKey(string name) => $"name {name}";

    private static string AddressKey(IPAddress address) => $"address {address}";
}
