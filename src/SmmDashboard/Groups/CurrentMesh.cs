using System.Collections.Immutable;

namespace SmmDashboard.Groups;

/// <summary>The settings of the dashboard itself from the source of the mesh configuration.</summary>
/// <param name="PublicUrl">The URL of the dashboard as VMs see it, without a trailing slash.</param>
/// <param name="MinimumAgentVersion">The oldest accepted agent; older ones get 426. Null accepts every agent.</param>
public sealed record MeshSettings(string PublicUrl, Version? MinimumAgentVersion = null);

/// <summary>The WorkloadGroups that are served now. One source replaces them, and every request reads them.</summary>
public sealed class CurrentMesh(MeshSettings settings)
{
    private readonly Lock _lock = new();
    private volatile State _state = new(
        settings,
        ImmutableDictionary<GroupId, GroupSnapshot>.Empty,
        ImmutableDictionary<ServiceAccount, ImmutableArray<GroupId>>.Empty,
        Version: 0);
    private volatile bool _isStopping;

    private sealed record State(
        MeshSettings Settings, IReadOnlyDictionary<GroupId, GroupSnapshot> Groups,
        IReadOnlyDictionary<ServiceAccount, ImmutableArray<GroupId>> ByAccount, long Version);

    public MeshSettings Settings => _state.Settings;

    /// <summary>False until the source has been read once. Until then an absent group has no meaning.</summary>
    public bool IsSynced => Version > 0;

    /// <summary>Whether the process is stopping, so that requests must not wait for changes any longer.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>Increases each time the groups are replaced, at the same moment.</summary>
    public long Version => _state.Version;

    public IEnumerable<GroupEntry> Entries => _state.Groups.Values.Select(group => group.Entry);

    public GroupSnapshot? Find(GroupId group) => _state.Groups.GetValueOrDefault(group);

    /// <summary>Finds the groups that the tokens of an account open.</summary>
    public IReadOnlyCollection<GroupId> FindGroups(ServiceAccount account) =>
        _state.ByAccount.TryGetValue(account, out var groups) ? groups : ImmutableArray<GroupId>.Empty;

    /// <summary>Replaces all groups. A group that is served as before keeps its snapshot, and its requests are not woken.</summary>
    /// <param name="settings">The settings of the dashboard. Every request is checked again when they change.</param>
    /// <param name="entries">The groups.</param>
    /// <param name="revoked">The groups that a token opens no longer, so that their requests must be checked again; null for none.</param>
    public void Replace(MeshSettings settings, IEnumerable<GroupEntry> entries, IReadOnlySet<GroupId>? revoked = null)
    {
        List<GroupSnapshot> superseded;
        lock (_lock)
        {
            var before = _state.Groups;
            var isCheckedAgain = settings != _state.Settings;
            var groups = new Dictionary<GroupId, GroupSnapshot>();
            foreach (var entry in entries)
            {
                var isSame = before.TryGetValue(entry.Id, out var old) && old.Entry.IsServedAs(entry);
                groups[entry.Id] = !isSame ? new GroupSnapshot(entry)
                    : isCheckedAgain || revoked?.Contains(entry.Id) == true ? new GroupSnapshot(old!.Entry)
                    : old!;
            }

            var byAccount = groups.Values.GroupBy(group => group.Entry.Account, group => group.Entry.Id)
                .ToDictionary(account => account.Key, account => account.ToImmutableArray());
            _state = new State(settings, groups, byAccount, _state.Version + 1);
            superseded = [.. before.Values.Where(old => !ReferenceEquals(groups.GetValueOrDefault(old.Entry.Id), old))];
        }

        superseded.ForEach(group => group.Supersede());
    }

    public void Stop()
    {
        _isStopping = true;
        foreach (var group in _state.Groups.Values)
            group.Supersede();
    }
}
