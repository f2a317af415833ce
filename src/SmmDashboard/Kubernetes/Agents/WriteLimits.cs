using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// Limits the calls to the API server that agents cause while they wait. The holder of a token controls the number of agents and what they
/// report: calls above the limits are queued or refused.
/// </summary>
internal sealed class WriteLimits(TimeProvider time)
{
    // A new address or boot is written once; a host that is refused as a duplicate reports every minute.
    private readonly KeyedBuckets<ObjectKey> _machines = new(new Rate(10, 0.1), time);
    private readonly KeyedBuckets<GroupId> _writes = new(new Rate(1_000, 10), time);
    private readonly KeyedBuckets<GroupId> _lookUps = new(new Rate(1_000, 20), time);

    /// <summary>Whether a machine that exists may be written at once.</summary>
    public bool MayWrite(ObjectKey key, GroupId group, out TimeSpan retryAfter) =>
        _machines.TryTake(key, out retryAfter) && _writes.TryTake(group, out retryAfter);

    /// <summary>Whether the API server may be asked for a machine that the watch does not know.</summary>
    public bool MayLookUp(GroupId group, out TimeSpan retryAfter) => _lookUps.TryTake(group, out retryAfter);
}
