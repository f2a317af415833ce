using SmmDashboard.Http;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>The settings of the dashboard that the machines need.</summary>
/// <param name="Namespace">The dashboard's own: its Lease is there.</param>
/// <param name="Replica">The name of this replica, for example of its pod. No other replica may have it.</param>
public sealed record MachineSettings(string Namespace, string Replica)
{
    /// <summary>How many machines a WorkloadGroup may have.</summary>
    public int LimitPerGroup { get; init; } = 10_000;

    /// <summary>How many machines of a WorkloadGroup may be new.</summary>
    public Rate NewAgents { get; init; } = SmmDashboard.Agents.NewAgents.DefaultRate;
}

/// <summary>The dependencies that a test may replace.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Random">Spreads what many replicas would do at the same moment.</param>
/// <param name="Log">Receives each new fault once.</param>
/// <param name="Defect">Receives exceptions that no fault of the cluster explains; they end the background work.</param>
public sealed record MachineSeams(TimeProvider Time, Random Random, ILogger Log, Action<Exception> Defect);
