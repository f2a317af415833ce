using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Registration;

namespace SmmDashboard.Kubernetes.Serving;

/// <summary>The WorkloadEntries, and an index of them that is at most half a second old.</summary>
public sealed class WatchedEntries(ClusterWatch cluster, TimeProvider clock)
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(500);

    private volatile EntryIndex _index = EntryIndex.Empty;

    /// <summary>Whether they are known.</summary>
    public bool IsSynced => cluster.WorkloadEntries.State.IsSynced;

    /// <summary>Why they are not up to date; null while they are.</summary>
    public string? Fault => cluster.WorkloadEntries.Fault;

    /// <summary>All that could be the VM's.</summary>
    public IReadOnlyList<WorkloadEntry> Candidates(RegisteringVm vm) => Index().Candidates(vm);

    private EntryIndex Index()
    {
        var items = cluster.WorkloadEntries.State.Items;
        var index = _index;
        if (ReferenceEquals(index.Items, items) || clock.GetElapsedTime(index.MadeAt) < Age)
            return index;

        return _index = new EntryIndex(items, clock.GetTimestamp());
    }
}
