using System.Collections.Immutable;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Registration;

/// <summary>The WorkloadEntries, and an index of them that is at most half a second old.</summary>
public sealed class WatchedEntries(ClusterWatch cluster, TimeProvider clock)
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(500);

    private volatile Indexed _indexed = new(ImmutableDictionary<ObjectKey, WorkloadEntry>.Empty, new([]), 0);

    private sealed record Indexed(ImmutableDictionary<ObjectKey, WorkloadEntry> Items, EntryIndex Index, long MadeAt);

    /// <summary>Whether they are known.</summary>
    public bool IsSynced => cluster.WorkloadEntries.State.IsSynced;

    /// <summary>The reason why they are not up to date; null while they are.</summary>
    public string? Fault => cluster.WorkloadEntries.Fault;

    /// <summary>All that could be the VM's.</summary>
    public IReadOnlyList<WorkloadEntry> Candidates(RegisteringVm vm) => Index().Candidates(vm);

    private EntryIndex Index()
    {
        var (items, indexed) = (cluster.WorkloadEntries.State.Items, _indexed);
        if (!ReferenceEquals(indexed.Items, items) && clock.GetElapsedTime(indexed.MadeAt) >= Age)
            _indexed = indexed = new(items, new EntryIndex(items.Values), clock.GetTimestamp());
        return indexed.Index;
    }
}
