using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Registration;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>The watched Istio objects that the machines need.</summary>
/// <param name="groups">The WorkloadGroups as they are known now.</param>
/// <param name="candidates">The WorkloadEntries that may be a VM's.</param>
public sealed class MachineGroups(
    Func<CacheState<WorkloadGroupObject>> groups, Func<RegisteringVm, IReadOnlyList<WorkloadEntry>> candidates)
{
    /// <summary>Null while the WorkloadGroup is not known.</summary>
    internal GroupOwner? OwnerOf(GroupId group) =>
        Find(group) is { Metadata.Uid.Length: > 0, ApiVersion.Length: > 0 } found ? new(found.ApiVersion, found.Metadata.Uid) : null;

    /// <summary>The name of the machine's WorkloadEntry; null without one.</summary>
    internal string? EntryOf(GroupId group, Guid uuid, IPAddress? address)
    {
        var vm = new RegisteringVm(group, Find(group)?.Spec.Template.Network ?? "", uuid, address);
        return WorkloadEntryFinder.Find(candidates(vm), vm)?.Metadata.Name;
    }

    private WorkloadGroupObject? Find(GroupId group) => groups().Items.GetValueOrDefault(new(group.Namespace, group.Name));
}
