using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Host.Reconcile;

/// <summary>The input of a reconcile.</summary>
/// <param name="Config">Null if there is neither an answer of the dashboard nor a last good configuration.</param>
/// <param name="Dashboard">Null while the dashboard or the WorkloadGroup is not set.</param>
/// <param name="IsCurrent">Whether the mesh configuration is the dashboard's, or the last good one covers its outage.</param>
internal sealed record ReconcileWork(AgentSettings Settings, MeshConfig? Config, IHostDashboard? Dashboard, bool IsCurrent);
