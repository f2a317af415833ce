using System.Collections.Concurrent;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.DialBack;

/// <summary>The last dial-back of each machine by this process, so that the dashboard can show it.</summary>
/// <param name="isKept">Whether results are kept at all.</param>
/// <param name="clock">The clock.</param>
public sealed class DialBackResults(bool isKept, TimeProvider clock)
{
    /// <summary>The maximum number of machines. With more, all results are dropped; each agent asks again within minutes.</summary>
    public const int MaximumMachines = 50_000;

    private readonly ConcurrentDictionary<(GroupId Group, Guid Uuid), DialBackRecord> _last = [];

    public void Keep(GroupId group, Guid uuid, IReadOnlyList<DialBackResult> results)
    {
        if (!isKept)
            return;
        if (_last.Count >= MaximumMachines)
            _last.Clear();
        _last[(group, uuid)] = new DialBackRecord(clock.GetUtcNow(), results);
    }

    public DialBackRecord? Find(GroupId group, string uuid) =>
        Guid.TryParse(uuid, out var id) ? _last.GetValueOrDefault((group, id)) : null;
}

/// <summary>The results of one dial-back.</summary>
public sealed record DialBackRecord(DateTimeOffset At, IReadOnlyList<DialBackResult> Results);
