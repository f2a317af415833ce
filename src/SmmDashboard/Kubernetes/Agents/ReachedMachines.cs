using System.Collections.Concurrent;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>The machines that this replica has reached. After a restart it reaches them again within minutes.</summary>
internal sealed class ReachedMachines
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<ObjectKey, bool> _reached = [];

    public bool Contains(ObjectKey machine) => _reached.ContainsKey(machine);

    public void Add(ObjectKey machine)
    {
        if (_reached.Count >= Most)
            _reached.Clear();
        _reached[machine] = true;
    }
}
