using System.Collections.Concurrent;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// The machines that this replica knows: those of the watch, and those that it has just written or read, which reach the watch later.
/// </summary>
internal sealed class KnownMachines(Cache<AttachedMachine> cache, TimeProvider time)
{
    // A working watch is never that late.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    // Even without a watch, a machine that reports is written at least every 11 minutes.
    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);
    private static readonly TimeSpan AbsentMemory = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CountAgain = TimeSpan.FromSeconds(1);
    private const int MostAbsent = 10_000;

    private readonly ConcurrentDictionary<ObjectKey, (AttachedMachine Machine, DateTimeOffset At)> _own = [];
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _absent = [];
    private readonly Lock _countLock = new();
    private Dictionary<GroupId, int> _counts = [];
    private DateTimeOffset _counted = DateTimeOffset.MinValue;

    /// <summary>False when the cluster does not have the kind.</summary>
    public bool IsServed => cache.State.IsServed;

    /// <summary>Whether the watch works: an object that it does not know does not exist, except for the newest ones.</summary>
    public bool IsUpToDate => cache.State is { IsSynced: true, IsServed: true, Fault: null };

    public string? Fault => cache.State.Fault;

    public IEnumerable<AttachedMachine> Watched => cache.State.Items.Values;

    public int Count => cache.State.Items.Count;

    public AttachedMachine? Find(ObjectKey key)
    {
        var watched = cache.State.Items.GetValueOrDefault(key);
        if (!_own.TryGetValue(key, out var own))
            return watched;

        if (!IsOver(watched, own.Machine, own.At))
            return own.Machine;
        _own.TryRemove(new(key, own));
        return watched;
    }

    /// <summary>Records an answer of the API server, which is newer than the watch.</summary>
    public void Learn(AttachedMachine machine)
    {
        var key = ObjectKey.From(machine.Metadata);
        _own[key] = (machine, time.GetUtcNow());
        _absent.TryRemove(key, out _);
    }

    /// <summary>Forgets an object that was deleted.</summary>
    public void Forget(ObjectKey key) => _own.TryRemove(key, out _);

    /// <summary>Records that the API server has just answered that the object does not exist.</summary>
    public void LearnAbsent(ObjectKey key)
    {
        Forget(key);
        if (_absent.Count >= MostAbsent)
            _absent.Clear();
        _absent[key] = time.GetUtcNow();
    }

    public bool IsAbsent(ObjectKey key) => _absent.TryGetValue(key, out var at) && time.GetUtcNow() - at < AbsentMemory;

    /// <summary>
    /// The number of machines of a group: counted once a second, and increased with each machine that this replica creates.
    /// </summary>
    public int CountOf(GroupId group)
    {
        lock (_countLock)
        {
            var now = time.GetUtcNow();
            if (now - _counted >= CountAgain)
            {
                _counted = now;
                _counts = Watched.CountBy(machine => new GroupId(machine.Metadata.Namespace, machine.WorkloadGroup)).ToDictionary();
            }

            return _counts.GetValueOrDefault(group);
        }
    }

    public void CountOneMore(GroupId group)
    {
        lock (_countLock)
            _counts[group] = _counts.GetValueOrDefault(group) + 1;
    }

    /// <summary>Forgets the machines that the watch knows by now.</summary>
    public void Tidy()
    {
        foreach (var key in _own.Keys)
            Find(key);
        foreach (var key in _absent.Keys.Where(key => !IsAbsent(key)))
            _absent.TryRemove(key, out _);
    }

    private bool IsOver(AttachedMachine? watched, AttachedMachine own, DateTimeOffset at)
    {
        if (!IsUpToDate)
            return !IsServed || time.GetUtcNow() - at >= Memory;
        return watched?.Metadata.ResourceVersion == own.Metadata.ResourceVersion
            || watched?.LastReportTime > own.LastReportTime
            || time.GetUtcNow() - at >= Late;
    }
}
