using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>What is checked: the same options that the dashboard is started with.</summary>
public sealed record CheckOptions
{
    public MeshOptions Mesh { get; init; } = new();

    /// <summary>Ranges of the cluster itself.</summary>
    public IReadOnlyList<IPNetwork> ClusterRanges { get; init; } = [];

    /// <summary>The account of the dashboard.</summary>
    public ServiceAccount Account { get; init; } = new("smm-dashboard", "smm-dashboard");

    /// <summary>Whether the caller is the dashboard itself, and not an administrator who asks for its account.</summary>
    public bool IsOwnAccount { get; init; }
}
