using System.Collections.Concurrent;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// The faults that prevent storing the machines in the cluster. Each fault is logged once when it begins and once when it ends.
/// </summary>
internal sealed class MachineFaults(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, (string Text, DateTimeOffset At)> _forbidden = [];
    private volatile string? _missing;

    /// <summary>One line for people; null while nothing is missing.</summary>
    public string? Detail =>
        _missing ?? _forbidden.OrderBy(fault => fault.Key, StringComparer.Ordinal).Select(fault => fault.Value.Text).FirstOrDefault();

    /// <summary>Whether a right was missing in the namespace within the last minute. After it, the next write tries again.</summary>
    public bool IsForbidden(string space) => _forbidden.TryGetValue(space, out var fault) && time.GetUtcNow() - fault.At < TryAgain;

    public void Forbidden(string space, ApiException fault)
    {
        var isNew = !_forbidden.TryGetValue(space, out var before) || before.Text != fault.Message;
        _forbidden[space] = (fault.Message, time.GetUtcNow());
        if (isNew)
            log.Forbidden(fault.Message, space);
    }

    public void Allowed(string space)
    {
        if (!_forbidden.IsEmpty && _forbidden.TryRemove(space, out _))
            log.Allowed(space);
    }

    /// <param name="isServed">Whether the cluster has the kind.</param>
    public void Served(bool isServed)
    {
        var missing = isServed ? null : $"{MachineApi.Resource.Kind} is not served by this cluster";
        if (missing == _missing)
            return;
        _missing = missing;
        if (missing is not null)
            log.NoKind(missing);
        else
            log.HasKind(MachineApi.Resource.Kind);
    }
}
