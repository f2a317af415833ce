using System.Globalization;
using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Registration;

/// <summary>The VM whose WorkloadEntry is looked for.</summary>
/// <param name="Network">The WorkloadGroup's network; may be empty.</param>
/// <param name="Address">The address of the agent's last report; null while it is not known.</param>
public sealed record RegisteringVm(GroupId Group, string Network, Guid Uuid, IPAddress? Address)
{
    /// <summary>The name that istiod gives to its WorkloadEntry; null while the address is not known.</summary>
    public string? EntryName => Address is null ? null : WorkloadEntryName.Create(Group.Name, Address.ToString(), Network);
}

/// <summary>Finds the WorkloadEntry of a VM among those of its namespace.</summary>
public static class WorkloadEntryFinder
{
    private const string Group = "istio.io/autoRegistrationGroup";

    private const string ConnectedAt = "istio.io/connectedAt";
    private const string DisconnectedAt = "istio.io/disconnectedAt";

    /// <summary>
    /// By the label with the agent's uuid, else by the name, else by the group and the address. An entry with the uuid of another agent is
    /// not the VM's. Of several a connected one counts, and of those the one that connected last.
    /// </summary>
    public static WorkloadEntry? Find(IEnumerable<WorkloadEntry> entries, RegisteringVm vm)
    {
        var candidates = entries.Where(entry => entry.Metadata.Namespace == vm.Group.Namespace && !IsOfAnother(entry, vm)).ToList();
        var ofGroup = candidates.Where(entry => entry.Metadata.Annotation(Group) == vm.Group.Name).ToList();
        return Newest(ofGroup.Where(entry => entry.Metadata.Label(EntryLabels.Uuid).Length > 0))
            ?? Newest(candidates.Where(entry => entry.Metadata.Name == vm.EntryName))
            ?? Newest(ofGroup.Where(
                entry => vm.Address is not null && IPAddress.TryParse(entry.Spec.Address, out var address) && address.Equals(vm.Address)));
    }

    /// <summary>Whether its sidecar is connected. istiod removes an entry about 10 s after a disconnect.</summary>
    public static bool IsConnected(WorkloadEntry entry) =>
        entry.Metadata.Annotation(ConnectedAt).Length > 0 && entry.Metadata.Annotation(DisconnectedAt).Length == 0;

    /// <summary>Whether the entry has the uuid of another agent.</summary>
    internal static bool IsOfAnother(WorkloadEntry entry, RegisteringVm vm) =>
        entry.Metadata.Label(EntryLabels.Uuid) is { Length: > 0 } uuid && !(Guid.TryParse(uuid, out var own) && own == vm.Uuid);

    private static WorkloadEntry? Newest(IEnumerable<WorkloadEntry> entries) => entries
        .OrderByDescending(IsConnected)
        .ThenByDescending(entry => Time(entry.Metadata.Annotation(ConnectedAt)))
        .ThenBy(entry => entry.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    // .NET reads at most seven digits of a second's fraction; istiod writes nine.
    private static DateTimeOffset Time(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var shortened = dot > 0 && text.EndsWith('Z') && text.Length - dot > 8 ? text[..(dot + 8)] + "Z" : text;
        return DateTimeOffset.TryParse(shortened, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
            : DateTimeOffset.MinValue;
    }
}
