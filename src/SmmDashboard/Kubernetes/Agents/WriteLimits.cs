using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// How often agents may have the dashboard call the API server while they wait. Whoever has a token makes as many agents as he likes and
/// says of each what he likes: more than that is queued or refused.
/// </summary>
internal sealed class WriteLimits(TimeProvider time)
{
    // An address or a boot is news once, and a host that is refused as a duplicate reports each minute.
    private readonly KeyedBuckets<ObjectKey> _machines = new(new Rate(10, 0.1), time);
    private readonly KeyedBuckets<GroupId> _writes = new(new Rate(1_000, 10), time);
    private readonly KeyedBuckets<GroupId> _lookUps = new(new Rate(1_000, 20), time);

    /// <summary>Whether a machine that exists may be written at once.</summary>
    public bool MayWrite(ObjectKey key, GroupId group, out TimeSpan retryAfter) =>
        _machines.TryTake(key, out retryAfter) && _writes.TryTake(group, out retryAfter);

    /// <summary>Whether the API server may be asked for a machine that the watch does not know.</summary>
    public bool MayLookUp(GroupId group, out TimeSpan retryAfter) => _lookUps.TryTake(group, out retryAfter);
}
